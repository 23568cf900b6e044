import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tag } from '../common/names.ts';
import { type Grant, localArn, s3Arn, via } from './grant.ts';

/** Where versions of certificates may be read from. What is tagged `certferry=true` needs not be named. */
export interface SourceAccess {
  /** ARNs of the secrets that hold bundles. Default: every secret tagged `certferry=true`. */
  readonly secretArns?: readonly string[];
  /** ARNs of customer-managed keys that those secrets are encrypted with. */
  readonly secretKeyArns?: readonly string[];
  /** ARNs of the exportable ACM certificates. Default: every certificate tagged `certferry=true`. */
  readonly acmCertificateArns?: readonly string[];
  /** Names of the parameters that hold bundles, such as `/tls/web` or `/tls/*`. Default: every one tagged `certferry=true`. */
  readonly parameters?: readonly string[];
  /** ARNs of customer-managed keys that those parameters are encrypted with. */
  readonly parameterKeyArns?: readonly string[];
  /** Buckets that hold bundles: versioned, and with their events sent to EventBridge. Default: none. */
  readonly buckets?: readonly SourceBucket[];
  /** Hears of secrets through CloudTrail too. Needs a trail that records management events. Default: no. */
  readonly cloudTrail?: boolean;
}

export interface SourceBucket {
  readonly name: string;
  /** Only objects whose keys begin so. Default: all. */
  readonly prefix?: string;
  /** ARN of the customer-managed key that the objects are encrypted with. */
  readonly keyArn?: string;
}

/** Reads the bytes of versions, and which version is the latest. */
export function readSources(scope: Construct, access: SourceAccess): Grant {
  const parts = [secrets(scope, access), certificates(scope, access), parameters(scope, access)];
  const all = [...parts, ...(access.buckets ?? []).flatMap((bucket) => bucketPart(scope, bucket))];
  return {
    statements: all.flatMap(({ statements }) => statements),
    environment: {},
    wildcards: Object.assign({}, ...all.map(({ wildcards }) => wildcards)),
  };
}

type Part = Pick<Grant, 'statements' | 'wildcards'>;

interface Kind {
  readonly actions: string[];
  /** Everything of its kind in this account and region. */
  readonly everything: { readonly arn: string; readonly shown: string };
  readonly tagCondition: string;
}

/** The named ones, or (when none is named) all of the kind that have certferry's tag. */
function namedOrTagged({ actions, everything, tagCondition }: Kind, named: readonly string[] = []): Part {
  if (named.length > 0) {
    return { statements: [new PolicyStatement({ actions, resources: [...named] })], wildcards: {} };
  }
  const conditions = { StringEquals: { [tagCondition]: tag.value } };
  return {
    statements: [new PolicyStatement({ actions, resources: [everything.arn], conditions })],
    wildcards: {
      [everything.shown]: 'Which ones hold bundles is said by their tag, which the condition asks for.',
    },
  };
}

function secrets(scope: Construct, { secretArns, secretKeyArns }: SourceAccess): Part {
  const kind = {
    actions: ['secretsmanager:GetSecretValue'],
    everything: localArn(scope, 'secretsmanager', 'secret:*'),
    tagCondition: `secretsmanager:ResourceTag/${tag.key}`,
  };
  return withKeys(scope, 'secretsmanager', namedOrTagged(kind, secretArns), secretKeyArns);
}

function certificates(scope: Construct, { acmCertificateArns }: SourceAccess): Part {
  const kind = {
    actions: ['acm:ExportCertificate'],
    everything: localArn(scope, 'acm', 'certificate/*'),
    tagCondition: `aws:ResourceTag/${tag.key}`,
  };
  return namedOrTagged(kind, acmCertificateArns);
}

function parameters(scope: Construct, { parameters: names = [], parameterKeyArns }: SourceAccess): Part {
  const named = names.map((name) => localArn(scope, 'ssm', `parameter/${name.replace(/^\//, '')}`));
  const kind = {
    actions: ['ssm:GetParameter'],
    everything: localArn(scope, 'ssm', 'parameter/*'),
    tagCondition: `ssm:resourceTag/${tag.key}`,
  };
  const part = namedOrTagged(
    kind,
    named.map(({ arn }) => arn),
  );
  const wildcards = named.filter(({ shown }) => shown.includes('*')).map(({ shown }) => [shown, chosen]);
  return withKeys(
    scope,
    'ssm',
    { ...part, wildcards: { ...part.wildcards, ...Object.fromEntries(wildcards) } },
    parameterKeyArns,
  );
}

const chosen = 'Chosen by whoever deploys the stack: the bundles stand under this prefix.';

function bucketPart(scope: Construct, { name, prefix = '', keyArn }: SourceBucket): Part {
  const objects = s3Arn(scope, `${name}/${prefix}*`);
  const part = {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [objects.arn],
      }),
    ],
    wildcards: { [objects.shown]: chosen },
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
