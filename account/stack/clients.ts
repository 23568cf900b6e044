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

/** Where a stack is. What is not said, the AWS SDK finds as it always does: environment, configuration, role. */
export interface StackAddress {
  readonly stack: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
}

/** A client of each service, with a person's own credentials. */
export type Clients = ReturnType<typeof openClients>;

/** Looking must not take the stack's own quotas away: throttled calls wait, and the client slows down by itself. */
const politely = { retryMode: 'adaptive', maxAttempts: 8 } as const;

/** Makes the clients; nothing is called yet. */
export function openClients({ region, profile }: Pick<StackAddress, 'region' | 'profile'>) {
  const config = {
    ...politely,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
  return {
    acm: new ACMClient(config),
    autoScaling: new AutoScalingClient(config),
    cloudFormation: new CloudFormationClient(config),
    dynamoDb: new DynamoDBClient(config),
    ec2: new EC2Client(config),
    lambda: new LambdaClient(config),
    s3: new S3Client(config),
    secrets: new SecretsManagerClient(config),
    sfn: new SFNClient(config),
    sns: new SNSClient(config),
    sqs: new SQSClient(config),
    ssm: new SSMClient(config),
  };
}

/** Lets go of the connections. */
export function closeClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}
