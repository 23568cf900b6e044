// One table in memory stands in for DynamoDB: it cannot show how long an update takes.
import { DescribeTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createTableProtection } from '../../../services/stack/table-protection.ts';

function aTable(isProtected: boolean) {
  const table = { isProtected, requests: [] as string[] };
  const client = new DynamoDBClient({ region: 'eu-west-1' });
  client.send = async (command: unknown) => {
    if (command instanceof UpdateTableCommand) {
      table.requests.push('update');
      table.isProtected = command.input.DeletionProtectionEnabled === true;
      return {};
    }
    if (!(command instanceof DescribeTableCommand)) throw new Error('unexpected request');
    table.requests.push('describe');
    return { Table: { TableStatus: 'ACTIVE', DeletionProtectionEnabled: table.isProtected } };
  };
  return { table, protection: createTableProtection(client) };
}

test.each([true, false])(
  'The protection of a table changes to %s, and the table is active again',
  async (to) => {
    const { table, protection } = aTable(!to);

    await protection.set('locks', to);

    expect(table).toEqual({ isProtected: to, requests: ['describe', 'update', 'describe'] });
  },
);

test('A table that has the protection already is not updated, because DynamoDB refuses it', async () => {
  const { table, protection } = aTable(true);

  await protection.set('locks', true);

  expect(table.requests).toEqual(['describe']);
});
