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

/** An ARN in the scope's own stack, and the same as cdk-nag writes it, to acknowledge a wildcard in it by. */
export function localArn(scope: Construct, service: string, rest: string): { arn: string; shown: string } {
  const { partition, region, account } = Stack.of(scope);
  return {
    arn: `arn:${partition}:${service}:${region}:${account}:${rest}`,
    shown: `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}`,
  };
}
