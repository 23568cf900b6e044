import { paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DescribeDocumentCommand } from '@aws-sdk/client-ssm';
import { counted } from '../../core/counted.ts';
import { nameIn } from '../stack/arns.ts';
import type { Clients } from '../stack/clients.ts';
import type { StackDescription } from '../stack/outputs.ts';
import { type Check, check, type Finding, failed, listed, passed } from './check.ts';

const redeploy = 'Deploy the stack again: npx cdk deploy';

/** Checks the parts of the stack. */
export function stackChecks(clients: Clients, stack: StackDescription): Promise<Check[]> {
  return Promise.all([
    check('stack', async () => statusOf(stack)),
    check('state machines', () => machinesOf(clients, stack)),
    check('document', () => documentOf(clients, stack)),
    check('tables', () => tablesOf(clients, stack)),
    check('undelivered events', () => queuesOf(clients, stack)),
    check('notifications', () => subscribersOf(clients, stack)),
  ]);
}

function statusOf({ name, status }: StackDescription): Finding {
  const found = `${name}: ${status}`;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return passed(found);
  if (status.endsWith('_IN_PROGRESS')) return failed(found, 'Wait until CloudFormation has finished.');
  return failed(found, 'Find the failure in the events of the stack, and deploy it again.');
}

async function machinesOf({ sfn }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const arns = [outputs.DeployTargetArn, outputs.RolloutArn];
  const found = await Promise.all(
    arns.map(async (stateMachineArn) => {
      const { status } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
      return `${nameIn(stateMachineArn)}: ${status}`;
    }),
  );
  const words = found.join(', ');
  return found.every((one) => one.endsWith(': ACTIVE')) ? passed(words) : failed(words, redeploy);
}

async function documentOf({ ssm }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: outputs.DocumentName }));
  const { Status, DefaultVersion, LatestVersion } = Document ?? {};
  const words = `${outputs.DocumentName}: ${Status}, version ${DefaultVersion}`;
  if (Status !== 'Active') return failed(words, redeploy);
  if (DefaultVersion === LatestVersion) return passed(words);
  // hosts run the default version; CloudFormation normally makes the latest version the default
  return failed(
    `${words}, but the latest is ${LatestVersion}: hosts run an outdated agent`,
    `aws ssm update-document-default-version --name ${outputs.DocumentName} --document-version ${LatestVersion}`,
  );
}

async function tablesOf({ dynamoDb }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const names = [outputs.LocksTableName, outputs.RegistryTableName, outputs.DeploymentsTableName];
  const statuses = await Promise.all(
    names.map(async (TableName) => {
      const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
      return `${TableName}: ${Table?.TableStatus}`;
    }),
  );
  const bad = statuses.filter((one) => !/: (ACTIVE|UPDATING)$/.test(one));
  return bad.length === 0 ? passed(`${names.length} tables are active`) : failed(bad.join(', '), redeploy);
}

/** Each trigger has a dead-letter queue. */
async function queuesOf({ cloudFormation, sqs }: Clients, { name }: StackDescription): Promise<Finding> {
  const queues: string[] = [];
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: name });
  for await (const { StackResourceSummaries = [] } of pages) {
    const found = StackResourceSummaries.filter(({ ResourceType }) => ResourceType === 'AWS::SQS::Queue');
    queues.push(...found.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []));
  }
  const waiting: string[] = [];
  for (const QueueUrl of queues) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    const count = Number(Attributes.ApproximateNumberOfMessages ?? 0);
    if (count > 0) waiting.push(`${count} in ${QueueUrl.split('/').at(-1)}`);
  }
  if (waiting.length === 0) return passed(`${counted(queues.length, 'queue')}, all empty`);
  return failed(
    `events in dead-letter queues: ${listed(waiting)}`,
    'Read the messages of the queue and the log of its function, then redrive or purge the queue.',
  );
}

async function subscribersOf({ sns }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const TopicArn = outputs.NotificationsTopicArn;
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  const confirmed = Number(Attributes.SubscriptionsConfirmed ?? 0);
  const pending = Number(Attributes.SubscriptionsPending ?? 0);
  const found = `${confirmed} confirmed, ${pending} not confirmed yet`;
  if (confirmed > 0) return passed(found);
  return failed(
    `no confirmed subscriber, so nobody receives failure and approval messages: ${found}`,
    `Add a subscriber: aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint ops@example.com`,
  );
}
