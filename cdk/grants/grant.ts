import { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** One permission: its statements, the environment variables that its code reads, and a reason for each wildcard resource. */
export interface Grant {
  readonly statements: readonly PolicyStatement[];
  readonly environment: Readonly<Record<string, string>>;
  readonly wildcards: Readonly<Record<string, string>>;
}

/** A condition that allows the use of a key only through this service. */
export function via(scope: Construct, service: string): Record<string, Record<string, string>> {
  const { region, urlSuffix } = Stack.of(scope);
  return { StringEquals: { 'kms:ViaService': `${service}.${region}.${urlSuffix}` } };
}

interface CheckedArn {
  readonly arn: string;
  /** The ARN in the form of cdk-nag findings, with which a wildcard is acknowledged. */
  readonly shown: string;
}

/** An ARN in the account of the scope, and in its region or (`everywhere`) in all regions. */
export function localArn(scope: Construct, service: string, rest: string, everywhere = false): CheckedArn {
  const { partition, region, account } = Stack.of(scope);
  return shownArn(scope, ['arn', partition, service, everywhere ? '*' : region, account, rest].join(':'));
}

/** An ARN in S3, where ARNs contain neither account nor region. */
export function s3Arn(scope: Construct, rest: string): CheckedArn {
  return shownArn(scope, `arn:${Stack.of(scope).partition}:s3:::${rest}`);
}

export const shownArn = (scope: Construct, arn: string): CheckedArn => ({
  arn,
  shown: shown(Stack.of(scope).resolve(arn)),
});

/** cdk-nag writes a value that is unknown during synthesis as the name of its resource or pseudo parameter. */
function shown(part: unknown): string {
  if (typeof part === 'string') return part;
  const [[intrinsic, argument] = ['', '']] = Object.entries(part as object);
  if (intrinsic === 'Ref') return `<${argument}>`;
  if (intrinsic === 'Fn::GetAtt') return `<${argument.join('.')}>`;
  if (intrinsic === 'Fn::Join') return argument[1].map(shown).join(argument[0]);
  throw new Error(
    `An ARN with ${intrinsic} cannot be acknowledged: extend \`shown\` in cdk/grants/grant.ts.`,
  );
}
