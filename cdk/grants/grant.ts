import { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** One permission: its statements, the variables its code reads, and why each wildcard in it has to be one. */
export interface Grant {
  readonly statements: readonly PolicyStatement[];
  readonly environment: Readonly<Record<string, string>>;
  readonly wildcards: Readonly<Record<string, string>>;
}

/** The key may be used through this service only, not directly. */
export function via(scope: Construct, service: string): Record<string, Record<string, string>> {
  const { region, urlSuffix } = Stack.of(scope);
  return { StringEquals: { 'kms:ViaService': `${service}.${region}.${urlSuffix}` } };
}

interface ShownArn {
  readonly arn: string;
  /** The same as cdk-nag writes it, to acknowledge a wildcard in it by. */
  readonly shown: string;
}

/** An ARN in the scope's own account, and in its region unless said otherwise. */
export function localArn(scope: Construct, service: string, rest: string, everywhere = false): ShownArn {
  const { partition, region, account } = Stack.of(scope);
  return shownArn(scope, ['arn', partition, service, everywhere ? '*' : region, account, rest].join(':'));
}

/** The same in S3, whose ARNs name neither account nor region. */
export function s3Arn(scope: Construct, rest: string): ShownArn {
  return shownArn(scope, `arn:${Stack.of(scope).partition}:s3:::${rest}`);
}

export const shownArn = (scope: Construct, arn: string): ShownArn => ({
  arn,
  shown: shown(Stack.of(scope).resolve(arn)),
});

/** What is only known when the stack is deployed has the name of its resource, or of the pseudo parameter. */
function shown(part: unknown): string {
  if (typeof part === 'string') return part;
  const [[intrinsic, argument] = ['', '']] = Object.entries(part as object);
  if (intrinsic === 'Ref') return `<${argument}>`;
  if (intrinsic === 'Fn::GetAtt') return `<${argument.join('.')}>`;
  if (intrinsic === 'Fn::Join') return argument[1].map(shown).join(argument[0]);
  throw new Error(`an ARN with ${intrinsic} in it cannot be acknowledged`);
}
