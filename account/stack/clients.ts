import { ACMClient } from '@aws-sdk/client-acm';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Middleware, nameFailedCalls } from './aws-calls.ts';

/** A stack. The AWS SDK finds an undefined region or profile in the environment and its configuration files. */
export interface StackAddress {
  readonly stack: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
}

/** One client for each service, with the operator's credentials. */
export interface Clients {
  readonly acm: ACMClient;
  readonly autoScaling: AutoScalingClient;
  readonly cloudFormation: CloudFormationClient;
  readonly dynamoDb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly lambda: LambdaClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly sfn: SFNClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
}

/** Clients that are built when they are first used. */
export interface StackClients {
  readonly clients: Clients;
  /** The services whose clients have been built. */
  built(): (keyof Clients)[];
  close(): void;
}

/** The functions of the stack share these quotas: after throttling, the adaptive mode slows this process down. */
const retries = { retryMode: 'adaptive', maxAttempts: 8 } as const;

export function openClients({ region, profile }: Pick<StackAddress, 'region' | 'profile'>): StackClients {
  const config = {
    ...retries,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
  const built = new Map<keyof Clients, BuiltClient>();
  const lazily = <Client extends BuiltClient>(name: keyof Clients, build: () => Client): Client => {
    const known = built.get(name) as Client | undefined;
    if (known !== undefined) return known;
    const client = build();
    // the stacks of all clients differ only in the types of their commands
    nameFailedCalls(client.middlewareStack as Middleware);
    built.set(name, client);
    return client;
  };
  return {
    clients: lazyClients(config, lazily),
    built: () => [...built.keys()],
    close: () => {
      for (const client of built.values()) client.destroy();
    },
  };
}

interface BuiltClient {
  readonly middlewareStack: object;
  destroy(): void;
}

type Lazily = <Client extends BuiltClient>(name: keyof Clients, build: () => Client) => Client;

function lazyClients(config: object, lazily: Lazily): Clients {
  return {
    get acm() {
      return lazily('acm', () => new ACMClient(config));
    },
    get autoScaling() {
      return lazily('autoScaling', () => new AutoScalingClient(config));
    },
    get cloudFormation() {
      return lazily('cloudFormation', () => new CloudFormationClient(config));
    },
    get dynamoDb() {
      return lazily('dynamoDb', () => new DynamoDBClient(config));
    },
    get ec2() {
      return lazily('ec2', () => new EC2Client(config));
    },
    get lambda() {
      return lazily('lambda', () => new LambdaClient(config));
    },
    get s3() {
      return lazily('s3', () => new S3Client(config));
    },
    get secrets() {
      return lazily('secrets', () => new SecretsManagerClient(config));
    },
    get sfn() {
      return lazily('sfn', () => new SFNClient(config));
    },
    get sns() {
      return lazily('sns', () => new SNSClient(config));
    },
    get sqs() {
      return lazily('sqs', () => new SQSClient(config));
    },
    get ssm() {
      return lazily('ssm', () => new SSMClient(config));
    },
  };
}
