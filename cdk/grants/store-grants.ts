import { Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { CertferryError } from '../../core/errors.ts';
import type { Credential } from '../../core/targets/kinds/credential.ts';
import { credentialsOf, type TargetKind } from '../../core/targets/kinds/kinds.ts';
import { importCertificates } from './acm-grants.ts';
import type { CredentialAccess } from './credential-access.ts';
import { type Grant, localArn, via } from './grant.ts';
import type { SharedResources } from './work-bucket-and-topic.ts';

/** The fields of a target that determine its permissions. Texts may be tokens. */
interface GrantedTarget {
  readonly id: string;
  readonly kind: TargetKind;
  readonly config: object;
}

/** The permissions that the agent needs for a kind, besides credentials. `config` is as the owner of the stack wrote it. */
type KindGrant = (scope: Construct, config: never) => Grant;

/**
 * One row for each kind whose API is authorized by the role of the function. A kind without a row needs none.
 * Each grant names exactly the resources of the target.
 */
const kindGrants: Readonly<Record<string, KindGrant>> = { acm: importCertificates };

/** What the agent for `host: lambda` may do to the store of a target. */
export const useStore = (scope: Construct, { kind, config }: GrantedTarget): Grant =>
  kindGrants[kind]?.(scope, config as never) ?? nothing;

const nothing: Grant = { statements: [], environment: {}, wildcards: {} };

/**
 * Encrypts and opens kept copies of bundles (`services/previous-bundles/`), for targets in a store that returns no keys. The
 * context binds each data key to its target and version.
 */
export const keepBundles = (resources: Pick<SharedResources, 'key'>): Grant =>
  useDataKeys(resources, ['kms:Decrypt', 'kms:GenerateDataKey']);

/** Only opens kept copies. */
export const openKeptBundles = (resources: Pick<SharedResources, 'key'>): Grant =>
  useDataKeys(resources, ['kms:Decrypt']);

const useDataKeys = ({ key }: Pick<SharedResources, 'key'>, actions: string[]): Grant => ({
  statements: [
    new PolicyStatement({
      actions,
      resources: [key.keyArn],
      conditions: { Null: { 'kms:EncryptionContext:certferry:target': 'false' } },
    }),
  ],
  environment: { DATA_KEY: key.keyArn },
  wildcards: {},
});

/** Reads the credentials of targets outside the stack, and decrypts all credentials with customer-managed keys. */
export function readCredentials(scope: Construct, access: CredentialAccess): Grant {
  const { secretArns = [], parameters = [], secretKeyArns = [], parameterKeyArns = [] } = access;
  return joined([
    ...secretArns.map((arn) => readSecret(scope, arn)),
    ...parameters.map((name) => readParameter(scope, name)),
    decrypt(scope, 'secretsmanager', secretKeyArns),
    decrypt(scope, 'ssm', parameterKeyArns),
  ]);
}

/**
 * Reads exactly the credentials of a target.
 * @throws CertferryError InvalidTarget if a credential is a file, which functions cannot read
 */
export function readCredentialsOf(scope: Construct, target: GrantedTarget): Grant {
  const references = Object.entries(credentialsOf(target.kind, target.config));
  return joined(references.map(([field, reference]) => readReference(scope, reference, { target, field })));
}

function readReference(
  scope: Construct,
  reference: Credential,
  { target, field }: { readonly target: GrantedTarget; readonly field: string },
): Grant {
  if ('secretId' in reference) return readSecret(scope, reference.secretId);
  if ('parameter' in reference) return readParameter(scope, reference.parameter);
  throw new CertferryError(
    'InvalidTarget',
    `Target ${target.id}: config.${field} names a file, which only local mode reads. Store the credential in Secrets Manager or Parameter Store.`,
  );
}

/** A token is the ARN of a secret of the stack. Secrets Manager appends six random characters to a name. */
function readSecret(scope: Construct, secretId: string): Grant {
  const actions = ['secretsmanager:GetSecretValue'];
  if (Token.isUnresolved(secretId) || secretId.startsWith('arn:'))
    return { ...nothing, statements: [new PolicyStatement({ actions, resources: [secretId] })] };
  const { arn, shown } = localArn(scope, 'secretsmanager', `secret:${secretId}-??????`);
  return {
    statements: [new PolicyStatement({ actions, resources: [arn] })],
    environment: {},
    wildcards: { [shown]: 'Secrets Manager appends six random characters to the name of a secret.' },
  };
}

function readParameter(scope: Construct, name: string): Grant {
  const resources = name.startsWith('arn:')
    ? [name]
    : [localArn(scope, 'ssm', `parameter/${name.replace(/^\//, '')}`).arn];
  return { ...nothing, statements: [new PolicyStatement({ actions: ['ssm:GetParameter'], resources })] };
}

function decrypt(scope: Construct, service: string, keys: readonly string[]): Grant {
  if (keys.length === 0) return nothing;
  const conditions = via(scope, service);
  const statement = new PolicyStatement({ actions: ['kms:Decrypt'], resources: [...keys], conditions });
  return { ...nothing, statements: [statement] };
}

function joined(grants: readonly Grant[]): Grant {
  return {
    statements: grants.flatMap(({ statements }) => statements),
    environment: {},
    wildcards: Object.assign({}, ...grants.map(({ wildcards }) => wildcards)),
  };
}
