import { paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DescribeDocumentCommand } from '@aws-sdk/client-ssm';
import { nameIn } from '../stack/arns.ts';
import type { Clients } from '../stack/clients.ts';
import type { ReadStack } from '../stack/outputs.ts';
import { amiss, type Check, check, type Finding, listed, well } from './check.ts';

const redeploy = 'Deploy the stack again: npx cdk deploy';

/** What the stack itself is made of. */
export function stackChecks(clients: Clients, stack: ReadStack): Promise<Check[]> {
  return Promise.all([
    check('stack', async () => statusOf(stack)),
    check('state machines', () => machinesOf(clients, stack)),
    check('document', () => documentOf(clients, stack)),
    check('tables', () => tablesOf(clients, stack)),
    check('undelivered events', () => queuesOf(clients, stack)),
    check('notifications', () => subscribersOf(clients, stack)),
  ]);
}

function statusOf({ name, status }: ReadStack): Finding {
  const found = `${name}: ${status}`;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return well(found);
  if (status.endsWith('_IN_PROGRESS')) return amiss(found, 'Wait until CloudFormation is done.');
  return amiss(found, 'See what failed in the events of the stack, and deploy it again.');
}

async function machinesOf({ sfn }: Clients, { outputs }: ReadStack): Promise<Finding> {
  const arns = [outputs.DeployTargetArn, outputs.RolloutArn];
  const found = await Promise.all(
    arns.map(async (stateMachineArn) => {
      const { status } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
      return `${nameIn(stateMachineArn)}: ${status}`;
    }),
  );
  const words = found.join(', ');
  return found.every((one) => one.endsWith(': ACTIVE')) ? well(words) : amiss(words, redeploy);
}

async function documentOf({ ssm }: Clients, { outputs }: ReadStack): Promise<Finding> {
  const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: outputs.DocumentName }));
  const { Status, DefaultVersion, LatestVersion } = Document ?? {};
  const words = `${outputs.DocumentName}: ${Status}, version ${DefaultVersion}`;
  if (Status !== 'Active') return amiss(words, redeploy);
  if (DefaultVersion === LatestVersion) return well(words);
  // hosts run the default version; CloudFormation should have made the one it wrote last the default
  return amiss(
    `${words}, but the latest is ${LatestVersion}: hosts still run an earlier agent`,
    `aws ssm update-document-default-version --name ${outputs.DocumentName} --document-version ${LatestVersion}`,
  );
}

async function tablesOf({ dynamoDb }: Clients, { outputs }: ReadStack): Promise<Finding> {
  const names = [outputs.LocksTableName, outputs.RegistryTableName, outputs.DeploymentsTableName];
  const statuses = await Promise.all(
    names.map(async (TableName) => {
      const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
      return `${TableName}: ${Table?.TableStatus}`;
    }),
  );
  const bad = statuses.filter((one) => !/: (ACTIVE|UPDATING)$/.test(one));
  return bad.length === 0 ? well(`${names.length} tables are active`) : amiss(bad.join(', '), redeploy);
}

/** What nobody could handle lies in queues, one for each trigger. */
async function queuesOf({ cloudFormation, sqs }: Clients, { name }: ReadStack): Promise<Finding> {
  const queues: string[] = [];
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: name });
  for await (const { StackResourceSummaries = [] } of pages) {
    const its = StackResourceSummaries.filter(({ ResourceType }) => ResourceType === 'AWS::SQS::Queue');
    queues.push(...its.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []));
  }
  const waiting: string[] = [];
  for (const QueueUrl of queues) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    const count = Number(Attributes.ApproximateNumberOfMessages ?? 0);
    if (count > 0) waiting.push(`${count} in ${QueueUrl.split('/').at(-1)}`);
  }
  if (waiting.length === 0) return well(`${queues.length} queues, all empty`);
  return amiss(
    `events that could not be handled: ${listed(waiting)}`,
    'Read what the queue holds and the log of its function; then redrive or purge it.',
  );
}

async function subscribersOf({ sns }: Clients, { outputs }: ReadStack): Promise<Finding> {
  const TopicArn = outputs.NotificationsTopicArn;
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  const confirmed = Number(Attributes.SubscriptionsConfirmed ?? 0);
  const pending = Number(Attributes.SubscriptionsPending ?? 0);
  const found = `${confirmed} confirmed, ${pending} not confirmed yet`;
  if (confirmed > 0) return well(found);
  return amiss(
    `nobody hears of failures and of rollouts that ask: ${found}`,
    `Subscribe somebody: aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint ops@example.com`,
  );
}
