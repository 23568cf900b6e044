import { Aws, Stack } from 'aws-cdk-lib';
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

/**
 * An ARN in the scope's own account, and in its region unless said otherwise; and the same as cdk-nag writes it, to
 * acknowledge a wildcard in it by.
 */
export function localArn(scope: Construct, service: string, rest: string, everywhere = false): ShownArn {
  const { partition, region, account } = Stack.of(scope);
  return arnOf(['arn', partition, service, everywhere ? '*' : region, account, rest]);
}

/** The same in S3, whose ARNs name neither account nor region. */
export function s3Arn(scope: Construct, rest: string): ShownArn {
  return arnOf(['arn', Stack.of(scope).partition, 's3', '', '', rest]);
}

interface ShownArn {
  readonly arn: string;
  readonly shown: string;
}

const arnOf = (parts: readonly string[]): ShownArn => ({
  arn: parts.join(':'),
  shown: parts.map(shown).join(':'),
});

/** What is only known when the stack is deployed has a name in cdk-nag's texts. */
const shown = (part: string): string => pseudoNames[part] ?? part;

const pseudoNames: Readonly<Record<string, string>> = {
  [Aws.PARTITION]: '<AWS::Partition>',
  [Aws.REGION]: '<AWS::Region>',
  [Aws.ACCOUNT_ID]: '<AWS::AccountId>',
};
