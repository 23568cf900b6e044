import { paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DescribeDocumentCommand } from '@aws-sdk/client-ssm';
import { type Check, type Finding, failed, listed, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { nameIn } from '../stack/arns.ts';
import { answered } from '../stack/aws-calls.ts';
import type { Clients } from '../stack/clients.ts';
import type { StackDescription } from '../stack/outputs.ts';
import { check } from './check.ts';

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
  if (/^DELETE_/.test(status)) return failed(found, 'Name another stack: this one is deleted.');
  if (status.endsWith('_IN_PROGRESS')) return failed(found, 'Wait until CloudFormation has finished.');
  return failed(found, 'Find the failure in the events of the stack, and deploy it again.');
}

async function machinesOf({ sfn }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const arns = [outputs.DeployTargetArn, outputs.RolloutArn];
  const found = await Promise.all(
    arns.map(async (stateMachineArn) => {
      const { status, definition = '' } = await sfn.send(
        new DescribeStateMachineCommand({ stateMachineArn }),
      );
      const other = otherPartition(stateMachineArn, definition);
      if (other !== null) return `${nameIn(stateMachineArn)}: names ARNs of the partition ${other}`;
      return `${nameIn(stateMachineArn)}: ${answered(status, { service: 'SFN', call: 'DescribeStateMachine' }, 'status')}`;
    }),
  );
  const words = found.join(', ');
  return found.every((one) => one.endsWith(': ACTIVE')) ? passed(words) : failed(words, redeploy);
}

/** The first partition in a definition that is not that of the state machine: its states fail with States.Runtime. */
function otherPartition(arn: string, definition: string): string | null {
  const [, own] = arn.split(':');
  const found = [...definition.matchAll(/"arn:([a-z-]+):/g)].map(([, partition = '']) => partition);
  return found.find((partition) => partition !== own) ?? null;
}

async function documentOf({ ssm }: Clients, { outputs }: StackDescription): Promise<Finding> {
  const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: outputs.DocumentName }));
  const { Status, DefaultVersion, LatestVersion } = answered(
    Document,
    { service: 'SSM', call: 'DescribeDocument' },
    'Document',
  );
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
      const { TableStatus } = answered(Table, { service: 'DynamoDB', call: 'DescribeTable' }, 'Table');
      return `${TableName}: ${TableStatus}`;
    }),
  );
  const bad = statuses.filter((one) => !/: (ACTIVE|UPDATING)$/.test(one));
  return bad.length === 0 ? passed(`${names.length} tables are active`) : failed(bad.join(', '), redeploy);
}

/** Each trigger has a dead-letter queue. */
async function queuesOf({ cloudFormation, sqs }: Clients, { name }: StackDescription): Promise<Finding> {
  const queues: string[] = [];
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: name });
  for await (const { StackResourceSummaries } of pages) {
    const call = { service: 'CloudFormation', call: 'ListStackResources' };
    const resources = answered(StackResourceSummaries, call, 'StackResourceSummaries');
    const found = resources.filter(({ ResourceType }) => ResourceType === 'AWS::SQS::Queue');
    queues.push(...found.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []));
  }
  if (queues.length === 0) return failed('the stack has no dead-letter queue', redeploy);
  const waiting: string[] = [];
  for (const QueueUrl of queues) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    const call = { service: 'SQS', call: 'GetQueueAttributes' };
    const attribute = 'ApproximateNumberOfMessages';
    const count = Number(answered(Attributes?.[attribute], call, attribute));
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
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  const countOf = (attribute: string) =>
    Number(answered(Attributes?.[attribute], { service: 'SNS', call: 'GetTopicAttributes' }, attribute));
  const [confirmed, pending] = [countOf('SubscriptionsConfirmed'), countOf('SubscriptionsPending')];
  const found = `${confirmed} confirmed, ${pending} not confirmed yet`;
  if (confirmed > 0) return passed(found);
  if (pending > 0) {
    return failed(
      `no confirmed subscriber, so failure and approval messages reach no operator: ${found}`,
      'Confirm the subscription: open the link in the message that SNS sent to the subscriber.',
    );
  }
  return failed(
    `no confirmed subscriber, so failure and approval messages reach no operator: ${found}`,
    `Add a subscriber: aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint ops@example.com`,
  );
}
