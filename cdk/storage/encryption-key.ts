import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/**
 * The one customer-managed key: tables, logs, notifications and the files of rollouts. Rotated each year; outlives the
 * stack. One that is brought along gets the same statements, unless it was made elsewhere: then its policy needs them
 * (docs/deploying.md).
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
    });
  }

  /** CloudWatch Logs, for log groups of this account (its manual's condition on the encryption context). */
  #allowLogs(): void {
    const { region, account, partition } = Stack.of(this);
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Logs',
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
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

  /** Alarms, which publish to the topic. */
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
