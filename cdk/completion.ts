import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { AgentDocuments } from './agent/agent-documents.ts';
import type { TaskFunction } from './functions/task-function.ts';
import type { Tables } from './storage/tables.ts';

interface CompletionProps {
  /** The function `certferry-complete-stack`. */
  readonly completes: TaskFunction;
  readonly documents: AgentDocuments;
  readonly tables: Tables;
}

/**
 * The last resource of the construct: CloudFormation creates and updates it when everything else of certferry is in place. A
 * failure before it therefore finds tables without deletion protection, and can delete them (decision 0055).
 */
export class Completion extends Construct {
  constructor(scope: Construct, id: string, { completes, documents, tables }: CompletionProps) {
    super(scope, id);
    const before = scope.node.children.filter((child) => child !== this);
    const { locks, registry, deployments } = tables;
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: completes.lambda.functionArn,
      resourceType: 'Custom::CertferryStack',
      serviceTimeout: Duration.minutes(20),
      properties: {
        Tables: [locks, registry, deployments].map(({ tableName }) => tableName),
        Documents: documents.contents.map(({ name, content }) => ({
          Name: name,
          Content: Stack.of(this).toJsonString(content),
        })),
      },
    });
    resource.node.addDependency(...before);
  }
}
