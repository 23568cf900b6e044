import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct, type IConstruct } from 'constructs';

/** AWS deletes a removed key after this number of days. Until then, you can cancel the deletion. */
const deletionDays = 7;

/**
 * The asymmetric KMS keys (ECDSA P-256) that sign jobs, one per name. The first one signs; hosts accept all of them. A removed
 * key is deleted: nothing is encrypted with it.
 */
export class JobKeys extends Construct {
  readonly signing: Key;
  readonly accepted: readonly Key[];

  constructor(scope: Construct, id: string, { names }: { readonly names: readonly string[] }) {
    super(scope, id);
    const [signing, ...others] = names.map((name) => this.#create(name));
    if (signing === undefined) throw new Error('jobKeyNames is empty: a stack needs a key that signs jobs.');
    this.signing = signing;
    this.accepted = [signing, ...others];
  }

  #create(name: string): Key {
    return new Key(this, `Key${name}`, {
      alias: `certferry-jobs-${name}`,
      description: 'certferry: signs the jobs for hosts',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(deletionDays),
    });
  }

  /** Lets only these roles sign. Without the denial, each administrator of the account could grant the use of the keys. */
  denyOthers(roleArns: readonly string[]): void {
    for (const key of this.accepted) {
      key.addToResourcePolicy(
        new PolicyStatement({
          sid: 'OnlySigners',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['kms:Sign'],
          resources: ['*'],
          conditions: { ArnNotEquals: { 'aws:PrincipalArn': roleArns } },
        }),
      );
    }
  }

  /**
   * The public keys as the SSM document contains them. They exist only after the keys, so a function reads them during the
   * deployment of the stack.
   */
  publicKeys(reader: { readonly functionArn: string; readonly construct: IConstruct }): string {
    const resource = new CustomResource(this, 'PublicKeys', {
      serviceToken: reader.functionArn,
      resourceType: 'Custom::CertferryJobKeys',
      serviceTimeout: Duration.minutes(5),
      properties: { KeyArns: this.accepted.map(({ keyArn }) => keyArn) },
    });
    resource.node.addDependency(reader.construct);
    return resource.getAttString('JobKeys');
  }
}
