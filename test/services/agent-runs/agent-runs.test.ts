import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { timeBudgets } from '../../../core/time-budgets.ts';
import { startLambda } from '../../../local/aws/lambda.ts';
import type { Endpoint } from '../../../local/http/server.ts';
import { createAgentRuns } from '../../../services/agent-runs/agent-runs.ts';
import { commandsByHost } from '../../../services/agent-runs/commands-by-host.ts';
import { createFunctionCommands } from '../../../services/agent-runs/function-commands.ts';
import { fakeCommands } from '../../fakes/commands.ts';
import { clientFor } from '../../fakes/scripted-service.ts';
import { settableClock } from '../../fakes/settable-clock.ts';
import { startTables, type Tables, tableNames } from '../../fixtures/world.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

let lambda: Endpoint;
let started: unknown[];
beforeEach(async () => {
  started = [];
  lambda = await startLambda({
    functions: ['run-agent'],
    start: (_, payload) => void started.push(payload),
    onFault: (error) => {
      throw error;
    },
  });
});
afterEach(() => lambda.close());

const clock = settableClock();
const commands = (functionName = 'run-agent') =>
  createFunctionCommands({
    documents: tables.documents,
    table: tableNames.locks,
    lambda: new LambdaClient(clientFor(lambda)),
    functionName,
    clock,
  });
const runs = () => createAgentRuns({ documents: tables.documents, clock }, tableNames.locks);
const send = () =>
  commands().send({ host: 'lambda', job: '{"job":"store"}', comment: 'certferry deploy d-1' });
const statusOf = async (runId: string) => (await commands().readInvocation(runId, 'lambda'))?.status;

describe('a run of the agent in a function', () => {
  test('A run is stored before the function is invoked with its id alone', async () => {
    const runId = await send();

    expect(started).toEqual([{ runId }]);
    expect(await runs().find(runId)).toMatchObject({ job: '{"job":"store"}', status: 'waiting' });
    expect(await statusOf(runId)).toBe('Pending');
  });

  test('A run has the line of the agent as the output of a command', async () => {
    const runId = await send();

    expect(await runs().start(runId)).toMatchObject({ runId, job: '{"job":"store"}' });
    expect(await statusOf(runId)).toBe('InProgress');
    expect(await runs().end(runId, { output: 'line\n', errors: '' })).toBe(true);

    expect(await commands().readInvocation(runId, 'lambda')).toEqual({
      status: 'Success',
      output: 'line\n',
      errors: '',
    });
  });

  test('A run without a result is a failed command with its reason', async () => {
    const runId = await send();
    await runs().start(runId);
    await runs().end(runId, { output: '', errors: 'HostBusy: another run' });

    expect(await commands().readInvocation(runId, 'lambda')).toMatchObject({
      status: 'Failed',
      errors: 'HostBusy: another run',
    });
  });

  test('A run that is unknown is not reported', async () => {
    expect(await commands().readInvocation('run-unknown', 'lambda')).toBeNull();
    expect(await runs().start('run-unknown')).toBeNull();
    expect(await runs().end('run-unknown', { output: '', errors: '' })).toBe(false);
  });

  test('Of two deliveries of one event, one starts the run', async () => {
    const runId = await send();

    const both = await Promise.all([runs().start(runId), runs().start(runId)]);

    expect(both.filter((run) => run !== null)).toHaveLength(1);
  });

  test('An event that arrives after the run has ended starts nothing', async () => {
    const runId = await send();
    await runs().start(runId);
    await runs().end(runId, { output: 'line\n', errors: '' });

    expect(await runs().start(runId)).toBeNull();
    expect(await statusOf(runId)).toBe('Success');
  });

  test('The first end of a run stays', async () => {
    const runId = await send();
    await runs().start(runId);
    await runs().end(runId, { output: 'first\n', errors: '' });

    expect(await runs().end(runId, { output: 'second\n', errors: '' })).toBe(false);
    expect(await commands().readInvocation(runId, 'lambda')).toMatchObject({ output: 'first\n' });
  });

  test('A run that has not started when its command expires never starts', async () => {
    const runId = await send();

    clock.forward(timeBudgets.queue * 1000);
    expect(await runs().start(runId)).toBeNull();
    clock.forward(31_000);
    expect(await statusOf(runId)).toBe('DeliveryTimedOut');
  });

  test('A run whose function died is timed out, once the function cannot be running', async () => {
    const runId = await send();
    await runs().start(runId);

    clock.forward(timeBudgets.agentFunction * 1000);
    expect(await statusOf(runId)).toBe('InProgress');
    clock.forward(31_000);
    expect(await statusOf(runId)).toBe('ExecutionTimedOut');
  });

  test('If there is no function, the command is undeliverable, and the error names it', async () => {
    await expect(commands('missing').send({ host: 'lambda', job: '{}', comment: 'c' })).rejects.toMatchObject(
      { name: 'CommandUndeliverable', message: expect.stringContaining('missing') },
    );
  });
});

describe('commands by host', () => {
  test('The host lambda gets a run, and every other host a command of SSM', async () => {
    const hosts = fakeCommands();
    const functions = fakeCommands();
    const both = commandsByHost({ hosts, functions: () => functions });
    const job = Buffer.from(
      JSON.stringify({
        header: { v: 1, action: 'enroll', deploymentId: 'd', targetId: 't', fence: 1, expiresAt: 1 },
        probe: null,
      }),
    ).toString('base64url');

    await both.send({ host: 'lambda', job, comment: 'a' });
    await both.send({ host: 'i-0123456789abcdef0', job, comment: 'b' });

    expect(functions.sent.map(({ host }) => host)).toEqual(['lambda']);
    expect(hosts.sent.map(({ host }) => host)).toEqual(['i-0123456789abcdef0']);
  });
});
