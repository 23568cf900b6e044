import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/**
 * The customer-managed key for tables, logs, notifications and the files of rollouts. AWS rotates it each year, and
 * CloudFormation keeps it when you delete the stack, but not when its first deployment fails. If you pass a key of the same app, its policy gets the same statements.
 * CDK cannot change the policy of an imported key: add the statements yourself (docs/deploying.md).
 */
export class EncryptionKey extends Construct {
  readonly key: IKey;

  constructor(scope: Construct, id: string, props: { readonly existing: IKey | undefined }) {
    super(scope, id);
    this.key = props.existing ?? this.#create();
    this.#allowLogs();
    this.#allowAlarms();
  }

  #create(): Key {
    return new Key(this, 'Resource', {
      alias: 'certferry',
      description: 'certferry: tables, logs, notifications and the files of rollouts',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }

  /**
   * Lets CloudWatch Logs encrypt log groups of this account, with the condition that its manual requires. Its principal ends with
   * the domain of the partition, unlike those of other services.
   */
  #allowLogs(): void {
    const { region, account, partition, urlSuffix } = Stack.of(this);
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Logs',
        principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
        actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
          },
        },
      }),
    );
  }

  /** Lets alarms publish to the encrypted topic. */
  #allowAlarms(): void {
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
