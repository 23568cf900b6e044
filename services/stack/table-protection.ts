import {
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { whileDenied } from '../while-denied.ts';

/** The deletion protection of tables. */
export interface TableProtection {
  /** Sets the protection and waits until the table is active again, since CloudFormation may delete it next. */
  set(table: string, isProtected: boolean): Promise<void>;
}

/** Seconds. Tables of a new stack are small. */
const maxWaitTime = 60;

/** Deletion protection through DynamoDB. */
export function createTableProtection(
  client: DynamoDBClient,
  wait?: (ms: number) => Promise<unknown>,
): TableProtection {
  return {
    async set(TableName, DeletionProtectionEnabled) {
      const described = await whileDenied(() => client.send(new DescribeTableCommand({ TableName })), wait);
      // DynamoDB refuses an update without a change
      if ((described.Table?.DeletionProtectionEnabled ?? false) === DeletionProtectionEnabled) return;
      await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
      await waitUntilTableExists({ client, maxWaitTime, minDelay: 1, maxDelay: 5 }, { TableName });
    },
  };
}
