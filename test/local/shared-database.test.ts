import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAddress } from '../../local/dynamodb/address.ts';
import { connectDatabase, type DatabaseConnection } from '../../local/dynamodb/connect.ts';
import { createTables, tableNames } from '../../local/dynamodb/create-tables.ts';
import { hold } from '../../local/dynamodb/hold.ts';
import { identify, isAlive } from '../../local/process-identity.ts';
import { openStateFolder, type StateFolder } from '../../local/state-folder.ts';
import { scratch } from './scratch.ts';

let folder: StateFolder;
let connections: DatabaseConnection[];

beforeEach(() => {
  folder = openStateFolder(scratch());
  connections = [];
});

afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await gone(serverOf(folder));
});

async function client(): Promise<DynamoDBClient> {
  const connection = await connectDatabase(folder);
  connections.push(connection);
  await createTables(connection.endpoint, folder.token);
  return new DynamoDBClient({
    endpoint: connection.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: folder.token, secretAccessKey: 'unused' },
  });
}

const Key = { pk: { S: 'counter' } };
const raise = new UpdateItemCommand({
  TableName: tableNames.locks,
  Key,
  UpdateExpression: 'ADD n :one',
  ExpressionAttributeValues: { ':one': { N: '1' } },
});

async function count(reader: DynamoDBClient): Promise<number> {
  const { Item } = await reader.send(new GetItemCommand({ TableName: tableNames.locks, Key }));
  return Number(Item?.n?.N ?? 0);
}

const serverOf = ({ databaseAddress }: StateFolder) => identify(readAddress(databaseAddress)?.pid ?? 0);

async function gone(server: ReturnType<typeof identify>): Promise<void> {
  while (server.pid > 0 && isAlive(server)) await sleep(20);
}

describe('the database of a state folder', () => {
  test('is one for all who connect at the same moment', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, client));

    await Promise.all(clients.map((one) => one.send(raise)));

    await expect(Promise.all(clients.map(count))).resolves.toEqual([5, 5, 5, 5, 5]);
  });

  test('ends by itself when the last client has gone, and keeps what it was told', async () => {
    await (await client()).send(raise);
    const server = serverOf(folder);

    await connections.pop()?.close();
    await gone(server);

    expect(existsSync(folder.databaseAddress)).toBe(false);
    expect(await count(await client())).toBe(1);
  });

  test('ends by itself when its last client was killed', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'hold-forever.ts'), folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const server = serverOf(folder);

    child.kill('SIGKILL');

    await expect(gone(server)).resolves.toBeUndefined();
  });

  test('is started anew under its clients when it was killed, with nothing lost that was acknowledged', async () => {
    const writer = await client();
    let acknowledged = 0;
    let killed = false;
    const work = async () => {
      while (!killed || acknowledged < 60) {
        await writer.send(raise);
        acknowledged += 1;
      }
    };
    const working = Promise.all([work(), work(), work()]);
    while (acknowledged < 30) await sleep(5);

    process.kill(serverOf(folder).pid, 'SIGKILL');
    killed = true;
    await working;

    // a write whose answer was lost is repeated by the SDK, so more is possible, less is not
    expect(await count(writer)).toBeGreaterThanOrEqual(acknowledged);
  });

  test('is not spoken to when another program has its port', async () => {
    const { holdPort } = await client().then(() => readAddress(folder.databaseAddress) ?? { holdPort: 0 });

    await expect(hold(holdPort, 'the token of another folder')).resolves.toBeNull();
    await expect(hold(holdPort, folder.token).then((socket) => socket?.destroy())).resolves.toBeDefined();
  });

  test('that cannot be opened is told at once, with the log to look into', async () => {
    writeFileSync(folder.database, 'not a folder');

    await expect(client()).rejects.toThrow(/exit code 1; see .*dynamodb\.log$/);
  });

  test('is closed to everybody else on the machine', async () => {
    await client();

    const modes = [folder.path, folder.databaseAddress, join(folder.path, 'token')].map(
      (path) => statSync(path).mode & 0o777,
    );

    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });
});
