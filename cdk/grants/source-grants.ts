import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tag } from '../common/names.ts';
import type { SourceConstruct } from '../inputs/constructs.ts';
import { type Grant, localArn, s3Arn, via } from './grant.ts';

/** The sources that certferry may read. By default these are all sources with the tag `certferry=true`. */
export interface SourceAccess {
  /** ARNs of the secrets that hold bundles. Default: every secret tagged `certferry=true`. */
  readonly secretArns?: readonly string[];
  /** ARNs of the customer-managed keys that encrypt these secrets. */
  readonly secretKeyArns?: readonly string[];
  /** ARNs of the exportable ACM certificates. Default: every certificate tagged `certferry=true`. */
  readonly acmCertificateArns?: readonly string[];
  /** Names of the parameters that hold bundles, e.g. `/tls/web` or `/tls/*`. Default: every parameter tagged `certferry=true`. */
  readonly parameters?: readonly string[];
  /** ARNs of the customer-managed keys that encrypt these parameters. */
  readonly parameterKeyArns?: readonly string[];
  /** Buckets that hold bundles. Enable versioning and EventBridge notifications on each bucket. Default: none. */
  readonly buckets?: readonly SourceBucket[];
  /** Also react to CloudTrail events of secrets. Requires a trail with management events. Default: false. */
  readonly cloudTrail?: boolean;
}

/** A bucket with bundles. */
export interface SourceBucket {
  /** The name of the bucket. */
  readonly name: string;
  /** Only objects with this key prefix. Default: all objects. */
  readonly prefix?: string;
  /** ARN of the customer-managed key that encrypts the objects. */
  readonly keyArn?: string;
}

/** Reads the bytes of versions and the id of the latest version. */
export function readSources(scope: Construct, access: SourceAccess): Grant {
  const parts = [secrets(scope, access), certificates(scope, access), parameters(scope, access)];
  const all = [...parts, ...(access.buckets ?? []).flatMap((bucket) => bucketPart(scope, bucket))];
  return {
    statements: all.flatMap(({ statements }) => statements),
    environment: {},
    wildcards: Object.assign({}, ...all.map(({ wildcards }) => wildcards)),
  };
}

/** Reads one source, and decrypts it if its key is a construct. */
export function readSource(scope: Construct, source: SourceConstruct): Grant {
  const nothing: Grant = { statements: [], environment: {}, wildcards: {} };
  const reads = (action: string, arn: string): Part => ({
    statements: [new PolicyStatement({ actions: [action], resources: [arn] })],
    wildcards: {},
  });
  if ('certificateArn' in source)
    return { ...nothing, ...reads('acm:ExportCertificate', source.certificateArn) };
  if ('parameterArn' in source) return { ...nothing, ...reads('ssm:GetParameter', source.parameterArn) };
  const { secretFullArn, secretArn, encryptionKey } = source;
  // Secrets Manager appends six random characters to a name
  const part = reads('secretsmanager:GetSecretValue', secretFullArn ?? `${secretArn}-??????`);
  const keys = encryptionKey === undefined ? [] : [encryptionKey.keyArn];
  return { ...nothing, ...withKeys(scope, 'secretsmanager', part, keys) };
}

type Part = Pick<Grant, 'statements' | 'wildcards'>;

interface SourceKind {
  readonly actions: string[];
  /** All sources of this kind in the account and region. */
  readonly everything: { readonly arn: string; readonly shown: string };
  readonly tagCondition: string;
}

/** Access to the listed sources or, without a list, to all sources of the kind with certferry's tag. */
function listedOrTagged(
  { actions, everything, tagCondition }: SourceKind,
  named: readonly string[] = [],
): Part {
  if (named.length > 0) {
    return { statements: [new PolicyStatement({ actions, resources: [...named] })], wildcards: {} };
  }
  const conditions = { StringEquals: { [tagCondition]: tag.value } };
  return {
    statements: [new PolicyStatement({ actions, resources: [everything.arn], conditions })],
    wildcards: {
      [everything.shown]: 'The condition requires the tag of certferry.',
    },
  };
}

function secrets(scope: Construct, { secretArns, secretKeyArns }: SourceAccess): Part {
  const kind = {
    actions: ['secretsmanager:GetSecretValue'],
    everything: localArn(scope, 'secretsmanager', 'secret:*'),
    tagCondition: `secretsmanager:ResourceTag/${tag.key}`,
  };
  return withKeys(scope, 'secretsmanager', listedOrTagged(kind, secretArns), secretKeyArns);
}

function certificates(scope: Construct, { acmCertificateArns }: SourceAccess): Part {
  const kind = {
    actions: ['acm:ExportCertificate'],
    everything: localArn(scope, 'acm', 'certificate/*'),
    tagCondition: `aws:ResourceTag/${tag.key}`,
  };
  return listedOrTagged(kind, acmCertificateArns);
}

function parameters(scope: Construct, { parameters: names = [], parameterKeyArns }: SourceAccess): Part {
  const named = names.map((name) => localArn(scope, 'ssm', `parameter/${name.replace(/^\//, '')}`));
  const kind = {
    actions: ['ssm:GetParameter'],
    everything: localArn(scope, 'ssm', 'parameter/*'),
    tagCondition: `ssm:resourceTag/${tag.key}`,
  };
  const part = listedOrTagged(
    kind,
    named.map(({ arn }) => arn),
  );
  const wildcards = named
    .filter(({ shown }) => shown.includes('*'))
    .map(({ shown }) => [shown, configuredPrefix]);
  return withKeys(
    scope,
    'ssm',
    { ...part, wildcards: { ...part.wildcards, ...Object.fromEntries(wildcards) } },
    parameterKeyArns,
  );
}

const configuredPrefix = 'The owner of the stack configured this prefix for bundles.';

function bucketPart(scope: Construct, { name, prefix = '', keyArn }: SourceBucket): Part {
  const objects = s3Arn(scope, `${name}/${prefix}*`);
  const part = {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [objects.arn],
      }),
    ],
    wildcards: { [objects.shown]: configuredPrefix },
  };
  return withKeys(scope, 's3', part, keyArn === undefined ? [] : [keyArn]);
}

function withKeys(scope: Construct, service: string, part: Part, keys: readonly string[] = []): Part {
  if (keys.length === 0) return part;
  const decrypt = new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [...keys],
    conditions: via(scope, service),
  });
  return { ...part, statements: [...part.statements, decrypt] };
}
