import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { checkDocumentName, documentName, probeDocumentName, storeDocumentName } from '../common/names.ts';
import { type Grant, localArn } from './grant.ts';

/** The tables whose protection from deletion the function sets. */
export type ProtectedTables = Readonly<
  Record<'locks' | 'registry' | 'deployments', { readonly tableArn: string }>
>;

/**
 * Completes a deployment of the stack. It may choose among the versions of the documents, which only CloudFormation creates,
 * and change the deletion protection of the tables.
 */
export function completeStack(scope: Construct, { locks, registry, deployments }: ProtectedTables): Grant {
  const documents = [documentName, probeDocumentName, storeDocumentName, checkDocumentName];
  return {
    statements: [
      new PolicyStatement({
        actions: ['ssm:GetDocument', 'ssm:ListDocumentVersions', 'ssm:UpdateDocumentDefaultVersion'],
        resources: documents.map((name) => localArn(scope, 'ssm', `document/${name}`).arn),
      }),
      new PolicyStatement({
        actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'],
        resources: [locks, registry, deployments].map(({ tableArn }) => tableArn),
      }),
      new PolicyStatement({
        actions: ['cloudformation:DescribeStacks'],
        resources: [Stack.of(scope).stackId],
      }),
    ],
    environment: {},
    wildcards: {},
  };
}
