import * as z from 'zod/mini';
import { ServiceError } from '../../local/http/service-error.ts';
import type { Query } from '../fakes/query-service.ts';
import type { AwsState, FakeVpc } from './aws.ts';

/** A request to run a document without parameters. Another field is refused. */
export const SentCommand = z.strictObject({
  DocumentName: z.literal('certferry-check-host'),
  DocumentVersion: z.literal('$DEFAULT'),
  InstanceIds: z.array(z.string()).check(z.minLength(1), z.maxLength(50)),
  TimeoutSeconds: z.int().check(z.gte(30)),
  MaxConcurrency: z.string(),
  MaxErrors: z.string(),
  Comment: z.string().check(z.maxLength(100)),
});
export type SentCommand = z.infer<typeof SentCommand>;

export function answerQuery({ Action, StackName }: Query, state: AwsState) {
  if (StackName !== undefined && StackName !== 'Certferry') {
    return { refuse: 'ValidationError', saying: `Stack with id ${StackName} does not exist` };
  }
  if (Action === 'DescribeStacks') {
    const outputs = Object.entries(state.outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    return `<DescribeStacksResult><Stacks><member><StackName>Certferry</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${state.stackStatus}</StackStatus><Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult>`;
  }
  if (Action === 'ListStackResources') {
    const queue = `${state.queues}/123456789012/undelivered`;
    if (!state.hasQueue)
      return '<ListStackResourcesResult><StackResourceSummaries/></ListStackResourcesResult>';
    return `<ListStackResourcesResult><StackResourceSummaries><member><LogicalResourceId>Queue</LogicalResourceId><PhysicalResourceId>${queue}</PhysicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member></StackResourceSummaries></ListStackResourcesResult>`;
  }
  if (Action === 'GetTopicAttributes') {
    const attributes = {
      SubscriptionsConfirmed: state.subscribers,
      SubscriptionsPending: state.pendingSubscribers,
    };
    const entries = Object.entries(attributes).map(
      ([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`,
    );
    return `<GetTopicAttributesResult><Attributes>${entries.join('')}</Attributes></GetTopicAttributesResult>`;
  }
  const ofVpc = state.ec2Denied || state.vpc === null ? null : answerVpc(Action, state.vpc);
  if (ofVpc !== null) return ofVpc;
  return state.ec2Denied
    ? { refuse: 'UnauthorizedOperation', saying: 'not authorized' }
    : `<reservationSet>${state.instances.map(runningInstance).join('')}</reservationSet>`;
}

function answerVpc(action: string | undefined, vpc: FakeVpc): string | null {
  const items = (values: readonly string[]) => values.map((value) => `<item>${value}</item>`).join('');
  if (action === 'DescribeInstances') {
    const instances = vpc.architectures.map(
      (architecture, at) =>
        `<instanceId>i-0123456789abcdef${at}</instanceId><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId><architecture>${architecture}</architecture>`,
    );
    return `<reservationSet><item><instancesSet>${items(instances)}</instancesSet></item></reservationSet>`;
  }
  if (action === 'DescribeRouteTables') {
    const route = vpc.hasDefaultRoute
      ? '<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state></item>'
      : '';
    const table = `<routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet>${route}</routeSet><associationSet><item><main>true</main></item></associationSet>`;
    return `<routeTableSet>${items([table])}</routeTableSet>`;
  }
  if (action !== 'DescribeVpcEndpoints') return null;
  const endpoints = vpc.endpoints.map(({ service, policy }) => {
    const kind = service === 's3' ? 'Gateway' : 'Interface';
    const document = policy === undefined ? '' : `<policyDocument>${policy}</policyDocument>`;
    return `<vpcEndpointId>vpce-${service}</vpcEndpointId><vpcEndpointType>${kind}</vpcEndpointType><vpcId>vpc-1</vpcId><serviceName>com.amazonaws.eu-west-1.${service}</serviceName><state>available</state>${document}<routeTableIdSet><item>rtb-1</item></routeTableIdSet>`;
  });
  return `<vpcEndpointSet>${items(endpoints)}</vpcEndpointSet>`;
}

export function ssmOperations(state: AwsState, sentCommands: SentCommand[]) {
  return {
    async SendCommand(input: Record<string, unknown>) {
      const command = SentCommand.parse(input);
      const online = state.hosts.filter(({ PingStatus }) => PingStatus === 'Online');
      const ids = online.map(({ InstanceId }) => InstanceId);
      if (!command.InstanceIds.every((id) => ids.includes(id)))
        throw new ServiceError('InvalidInstanceId', 'one of them is not in a valid state');
      sentCommands.push(command);
      return { Command: { CommandId: `command-${sentCommands.length - 1}` } };
    },
    async ListCommandInvocations({ CommandId, Details }: Record<string, unknown>) {
      const command = sentCommands[Number(String(CommandId).replace('command-', ''))];
      const invocations = (command?.InstanceIds ?? []).map((InstanceId) => {
        const { status: Status = 'Success', output = '' } = state.hostReports[InstanceId] ?? {};
        // with details, SSM returns this number of characters
        const CommandPlugins = Details === true ? [{ Name: 'linux', Output: output.slice(0, 2500) }] : [];
        return { CommandId, InstanceId, Status, StatusDetails: Status, CommandPlugins };
      });
      return { CommandInvocations: invocations };
    },
    async DescribeInstanceInformation({ Filters = [] }: Record<string, unknown>) {
      const [filter] = Filters as { Key: string; Values: string[] }[];
      const known = state.hosts.filter(({ InstanceId }) => filter?.Values.includes(InstanceId));
      // as documented; SSM may also omit unknown ids
      if (state.unknownHostsRefused && known.length < (filter?.Values.length ?? 0)) {
        throw new ServiceError('InvalidInstanceId', 'one of them is not managed');
      }
      return { InstanceInformationList: known.map((host) => ({ ...host, ResourceType: 'EC2Instance' })) };
    },
    DescribeDocument: async () => ({
      Document: { Status: state.documentStatus, DefaultVersion: '3', LatestVersion: state.documentLatest },
    }),
    GetDocument: async () => ({
      Content: `AGENT_URL='s3://assets/agent.cjs'\nRUNTIME_URL='${state.runtimeUrl}'`,
    }),
    DescribeParameters: async () => ({ Parameters: state.parameters }),
  };
}

export function sqsOperations(state: AwsState) {
  return {
    GetQueueAttributes: async () => ({
      Attributes: { ApproximateNumberOfMessages: String(state.undelivered) },
    }),
  };
}

export function secretOperations(state: AwsState) {
  return {
    async DescribeSecret({ SecretId }: Record<string, unknown>) {
      if (state.secrets.includes(String(SecretId))) return { Name: SecretId };
      throw new ServiceError('ResourceNotFoundException', 'no such secret');
    },
  };
}

export function acmOperations(state: AwsState) {
  return { DescribeCertificate: async () => ({ Certificate: state.acm }) };
}

const runningInstance = (id: string) =>
  `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><name>running</name></instanceState></item></instancesSet></item>`;
