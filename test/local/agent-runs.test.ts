import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { functionJobText } from '../../core/deployment/run.ts';
import { Verify } from '../../core/targets/verify.ts';
import { identify, type ProcessIdentity } from '../../local/base/process-identity.ts';
import { openRuns } from '../../local/functions/agent-runs.ts';
import { createAgentHomes } from '../../services/agent-home/agent-records.ts';
import { createAgentRuns } from '../../services/agent-runs/agent-runs.ts';
import { createFunctionCommands } from '../../services/agent-runs/function-commands.ts';
import { memoryDynamoDb } from '../fakes/dynamodb/documents.ts';
import { tableNames } from '../fixtures/world.ts';
import { scratch } from './scratch.ts';

const job = functionJobText({
  job: 'inspect',
  header: { v: 1, action: 'inspect', deploymentId: 'd-1', targetId: 'store-1', fence: 0, expiresAt: 1 },
  inspections: [
    {
      targetId: 'store-1',
      verify: Verify.parse({ endpoint: '127.0.0.1:1', serverName: 'api.example.com' }),
      version: null,
    },
  ],
});

/** A process that has ended. */
const deadProcess = (): ProcessIdentity => ({ ...identify(spawnSync('true').pid), startedAt: 'ended' });

function rig(invoke: (name: string, payload: unknown) => Promise<unknown> = async () => null) {
  const folder = join(scratch(), 'runs');
  mkdirSync(folder);
  const { documents } = memoryDynamoDb();
  const access = { documents, clock: systemClock, sleep: async () => undefined };
  const lambda = { send: async () => ({}) } as never;
  const functionName = 'run-agent';
  const faults: unknown[] = [];
  return {
    folder,
    faults,
    runs: createAgentRuns(access, tableNames.locks),
    homes: createAgentHomes({ ...access, table: tableNames.registry }),
    commands: createFunctionCommands({ ...access, table: tableNames.locks, lambda, functionName }),
    local: openRuns({ folder, documents: () => documents, invoke, onFault: (error) => faults.push(error) }),
  };
}

/** A run that has started, and has the records of its target. */
async function startedRun({ commands, runs, homes }: ReturnType<typeof rig>): Promise<string> {
  const runId = await commands.send({ host: 'lambda', job, comment: 'c' });
  await runs.start(runId);
  await homes.take('store-1', runId);
  return runId;
}

const statusOf = async ({ commands }: ReturnType<typeof rig>, runId: string) =>
  (await commands.readInvocation(runId, 'lambda'))?.status;

test('The next start records the end of a run whose process has ended, and frees the records of its target', async () => {
  const one = rig();
  const runId = await startedRun(one);
  writeFileSync(join(one.folder, `${runId}.json`), JSON.stringify(deadProcess()));

  await one.local.endAbandoned();

  expect(await statusOf(one, runId)).toBe('Failed');
  expect(await one.homes.take('store-1', 'run-next')).not.toBeNull();
  expect(existsSync(join(one.folder, `${runId}.json`))).toBe(false);
});

test('A file that its process has not completed counts as abandoned', async () => {
  const one = rig();
  const runId = await startedRun(one);
  writeFileSync(join(one.folder, `${runId}.json`), '{"pid":');

  await one.local.endAbandoned();

  expect(await statusOf(one, runId)).toBe('Failed');
});

test('The next start leaves the run of a living process as it is', async () => {
  const one = rig();
  const runId = await startedRun(one);
  writeFileSync(join(one.folder, `${runId}.json`), JSON.stringify(identify(process.pid)));

  await one.local.endAbandoned();

  expect(await statusOf(one, runId)).toBe('InProgress');
  expect(await one.homes.take('store-1', 'run-next')).toBeNull();
});

test('A run is not awaited by the function that starts it, and leaves no file', async () => {
  const ended = Promise.withResolvers<void>();
  const one = rig(() => ended.promise);
  const runId = await startedRun(one);

  one.local.start('run-agent', { runId });
  expect(existsSync(join(one.folder, `${runId}.json`))).toBe(true);
  ended.resolve();

  await expect.poll(() => existsSync(join(one.folder, `${runId}.json`))).toBe(false);
});

test('If the thread of the functions dies, its run is recorded as ended', async () => {
  const one = rig(async () => {
    throw new Error('the thread of the functions ended');
  });
  const runId = await startedRun(one);

  one.local.start('run-agent', { runId });

  await expect.poll(() => statusOf(one, runId)).toBe('Failed');
  expect(one.faults).toHaveLength(1);
});
