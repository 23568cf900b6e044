// Run by dynamodb.test.ts as a process of its own, to be killed: moves a number through four items, one transaction each.
import { DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { createTables, tableNames } from '../../local/dynamodb/create-tables.ts';
import { startDynamoDb } from '../../local/dynamodb/start.ts';

const [path = ''] = process.argv.slice(2);
const { endpoint } = await startDynamoDb({ path });
await createTables(endpoint);
const client = new DynamoDBClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});

for (let round = 1; ; round += 1) {
  const items = ['a', 'b', 'c', 'd'].map(
    (name): TransactWriteItem => ({
      Put: {
        TableName: tableNames.deployments,
        Item: {
          targetId: { S: name },
          sk: { S: 'only' },
          certificate: { S: `round-${round}` },
          round: { N: String(round) },
          filler: { S: 'x'.repeat(20_000) },
        },
      },
    }),
  );
  await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
  process.stdout.write(`${round}\n`);
}
