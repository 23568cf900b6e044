// Does not cover: IAM, CloudFormation during an update, failures of Lambda itself, limits and throttling of services. DynamoDB and
// S3 are those of local mode; Step Functions replays histories that tests write.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openObjects } from '../../local/aws/objects.ts';
import { startS3 } from '../../local/aws/s3.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { createTables } from '../fakes/dynamodb/client.ts';
import { startDynamoDb } from '../fakes/dynamodb/start.ts';
import { queryService } from '../fakes/query-service.ts';
import {
  acmOperations,
  answerQuery,
  type SentCommand,
  secretOperations,
  sqsOperations,
  ssmOperations,
} from './aws-operations.ts';
import { type ScriptedStepFunctions, scriptedStepFunctions } from './step-functions.ts';

export const machines = {
  deployTarget: 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-deploy-target',
  rollout: 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout',
};
export const workBucket = 'certferry-work';

/** The state of the account, which a test may change. */
export interface AwsState {
  stackStatus: string;
  outputs: Record<string, string>;
  hosts: {
    InstanceId: string;
    PingStatus: string;
    AgentVersion: string;
    IPAddress: string;
    PlatformType?: string;
    PlatformName?: string;
    PlatformVersion?: string;
  }[];
  /** The VPC of all instances; null: EC2 reports no instance. */
  vpc: FakeVpc | null;
  /** What the deployed document names as runtime. */
  runtimeUrl: string;
  /** SSM returns an error for an unknown id. */
  unknownHostsRefused?: boolean;
  /** The URL of the queues: the SDK sends requests to the URL of a queue. */
  queues: string;
  /** Messages in the dead-letter queue. */
  undelivered: number;
  /** Whether EC2 refuses all calls. */
  ec2Denied: boolean;
  /** The ids of running instances. */
  instances: string[];
  /** Whether the stack has its dead-letter queue. */
  hasQueue: boolean;
  subscribers: number;
  pendingSubscribers: number;
  /** What each host reports to `doctor --hosts`; `status` is Success unless given. */
  hostReports: Readonly<Record<string, { readonly status?: string; readonly output: string }>>;
  documentStatus: string;
  documentLatest: string;
  secrets: string[];
  parameters: { Name: string; Type: string; Version: number }[];
  acm: { Status: string; Type: string; Options: { Export: string } };
  /** The result of the function certferry-sweep; an error if it has `errorType`. */
  sweep: Record<string, unknown>;
  /** The result of the function certferry-warm-hosts for a host. */
  warm: (host: string) => object;
  /** The result of the function certferry-find-hosts; null for an older stack without this function. */
  found: Record<string, unknown> | null;
}

/** One subnet with one instance of each architecture. */
export interface FakeVpc {
  readonly architectures: readonly string[];
  readonly hasDefaultRoute: boolean;
  readonly endpoints: readonly { readonly service: string; readonly policy?: string }[];
}

export interface FakeAws {
  readonly state: AwsState;
  readonly stepFunctions: ScriptedStepFunctions;
  /** The inputs of the function certferry-sweep. */
  readonly swept: unknown[];
  /** The inputs of the function certferry-warm-hosts. */
  readonly warmed: unknown[];
  /** The inputs of the function certferry-find-hosts. */
  readonly sought: unknown[];
  /** The commands that were sent to hosts. */
  readonly sentCommands: SentCommand[];
  readonly endpoints: { readonly dynamodb: string; readonly s3: string };
  close(): Promise<void>;
}

/** An account with a stack. Sets the environment variables that direct the SDK to it, until it is closed. */
export async function anAccount(): Promise<FakeAws> {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  const state = usual();
  const [swept, warmed, sought]: [unknown[], unknown[], unknown[]] = [[], [], []];
  const sentCommands: SentCommand[] = [];
  const onFault = (error: unknown) => process.stderr.write(`${error}\n`);
  const [dynamodb, s3, stepFunctions, query, ssm, sqs, secrets, acm, lambda] = await Promise.all([
    startDynamoDb(),
    startS3({ objects: openObjects(folder), onFault }),
    scriptedStepFunctions(),
    queryService((asked) => answerQuery(asked, state)),
    startJsonEndpoint({
      version: '1.1',
      target: 'AmazonSSM',
      operations: ssmOperations(state, sentCommands),
      onFault,
    }),
    startJsonEndpoint({ version: '1.0', target: 'AmazonSQS', operations: sqsOperations(state), onFault }),
    startJsonEndpoint({
      version: '1.1',
      target: 'secretsmanager',
      operations: secretOperations(state),
      onFault,
    }),
    startJsonEndpoint({
      version: '1.1',
      target: 'CertificateManager',
      operations: acmOperations(state),
      onFault,
    }),
    startLambda({
      'certferry-sweep'(input) {
        swept.push(input);
        return state.sweep;
      },
      'certferry-warm-hosts'(input) {
        warmed.push(input);
        const { hosts } = input as { hosts: string[] };
        return { hosts: hosts.map((host) => state.warm(host)) };
      },
      'certferry-find-hosts'(input) {
        sought.push(input);
        return state.found;
      },
    }),
  ]);
  state.queues = sqs.endpoint;
  await createTables(dynamodb.endpoint);
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SFN: stepFunctions.endpoint,
    AWS_ENDPOINT_URL_CLOUDFORMATION: query.endpoint,
    AWS_ENDPOINT_URL_SNS: query.endpoint,
    AWS_ENDPOINT_URL_EC2: query.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    AWS_ENDPOINT_URL_ACM: acm.endpoint,
    AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
  });
  return {
    state,
    stepFunctions,
    swept,
    warmed,
    sought,
    sentCommands,
    endpoints: { dynamodb: dynamodb.endpoint, s3: s3.endpoint },
    async close() {
      process.env = before;
      const servers = [dynamodb, s3, stepFunctions, query, ssm, sqs, secrets, acm, lambda];
      await Promise.all(servers.map((server) => server.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

function usual(): AwsState {
  return {
    stackStatus: 'UPDATE_COMPLETE',
    outputs: {
      DeployTargetArn: machines.deployTarget,
      RolloutArn: machines.rollout,
      DocumentName: 'certferry-agent',
      CheckDocumentName: 'certferry-check-host',
      LocksTableName: tableNames.locks,
      RegistryTableName: tableNames.registry,
      DeploymentsTableName: tableNames.deployments,
      WorkBucketName: workBucket,
      NotificationsTopicArn: 'arn:aws:sns:eu-west-1:123456789012:certferry',
    },
    hosts: [
      {
        InstanceId: 'i-0123456789abcdef0',
        PingStatus: 'Online',
        AgentVersion: '3.3.2746.0',
        IPAddress: '10.0.0.7',
      },
    ],
    queues: '',
    undelivered: 0,
    ec2Denied: false,
    instances: [],
    hasQueue: true,
    subscribers: 1,
    pendingSubscribers: 0,
    hostReports: {},
    vpc: null,
    runtimeUrl: 's3://assets/node.gz',
    documentStatus: 'Active',
    documentLatest: '3',
    secrets: ['certferry/api'],
    parameters: [],
    acm: { Status: 'ISSUED', Type: 'AMAZON_ISSUED', Options: { Export: 'ENABLED' } },
    sweep: {},
    warm: (host) => ({ host, outcome: 'warm', fetched: ['agent', 'runtime'], seconds: 3, summary: '' }),
    found: null,
  };
}

type Functions = Readonly<Record<string, (input: unknown) => Record<string, unknown> | null>>;

/** The REST protocol of Lambda: the result is the body, and a header marks an error. */
async function startLambda(functions: Functions) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      if (request.url?.includes('account-settings')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ AccountLimit: { UnreservedConcurrentExecutions: 10 } }));
        return;
      }
      const [, name = ''] = /functions\/([^/]+)\/invocations/.exec(request.url ?? '') ?? [];
      const said = functions[name]?.(JSON.parse(body)) ?? null;
      if (said === null) {
        response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{}');
        return;
      }
      const failed = 'errorType' in said ? { 'x-amz-function-error': 'Unhandled' } : {};
      response.writeHead(200, { 'content-type': 'application/json', ...failed });
      response.end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
