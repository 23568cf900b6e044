// Takes the place of test/fakes/dynamodb/start.ts (see vitest.dynamodb.config.ts).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { freePort } from '../../../cli/demo/free-port.ts';
import type { DynamoDb } from '../../fakes/dynamodb/start.ts';
import { reachable, until } from '../../rigs/processes.ts';

/** Where the jars are kept, outside the repository. */
export const jars = resolve(import.meta.dirname, '../../../node_modules/.cache/certferry-dynamodb-local');

const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';

/** Starts AWS's own DynamoDB Local with an empty database in memory. */
export async function startDynamoDb(): Promise<DynamoDb> {
  const port = await freePort();
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  const child = spawn(
    'java',
    ['-Xmx256m', `-Djava.library.path=${jars}`, '-cp', `${jars}/*`, main, ...options],
    {
      stdio: 'ignore',
    },
  );
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  await until(() => reachable(port), `DynamoDB Local on port ${port}`, 60);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async close() {
      process.off('exit', end);
      const gone = once(child, 'exit');
      end();
      await gone;
    },
  };
}
