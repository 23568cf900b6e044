import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach } from 'vitest';
import { anAccount, type FakeAws } from './aws.ts';

/** A new account for each test, with a client for its tables. `accept` gets both before the test. */
export function useAccount(accept: (aws: FakeAws, documents: DynamoDBDocumentClient) => void): void {
  let aws: FakeAws;
  let documents: DynamoDBDocumentClient;
  beforeEach(async () => {
    aws = await anAccount();
    documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    accept(aws, documents);
  });
  afterEach(async () => {
    documents.destroy();
    await aws.close();
  });
}
