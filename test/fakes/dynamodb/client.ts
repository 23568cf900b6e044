import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableRequests } from '../../../local/dynamodb/stack-tables.ts';

export function dynamoDbClient(endpoint: string, { maxAttempts = 3 } = {}): DynamoDBClient {
  // DynamoDB Local accepts letters and digits only
  const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts });
}

/** Creates the tables of the stack. */
export async function createTables(endpoint: string): Promise<void> {
  const client = dynamoDbClient(endpoint);
  for (const request of createTableRequests) await client.send(new CreateTableCommand(request));
  client.destroy();
}
