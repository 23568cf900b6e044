import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { executionArn } from '../../local/step-functions/executions.ts';
import { scratch } from './scratch.ts';
import { givesAwayToken, oneTask, open, opened, run, tokensGivenAway, waiting } from './small-machine.ts';

describe('a task', () => {
  test('A task gets its payload and gives its result as the Lambda integration does', async () => {
    const rig = await open(
      oneTask({}),
      'export const handler = async ({ input }) => ({ ...input, left: undefined });',
    );

    const { status, output } = await run(rig);

    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({ ExecutedVersion: '$LATEST', Payload: { hello: 'world' }, StatusCode: 200 });
  });

  test('A task fails with the error type as its name and the error as JSON for its cause', async () => {
    const rig = await open(
      oneTask({}),
      `export const handler = async () => { const error = new Error('no'); error.name = 'LockHeld'; throw error; };`,
    );

    const { output } = await run(rig);

    expect(output).toMatchObject({
      Error: 'LockHeld',
      Cause: expect.stringMatching(/^{"errorType":"LockHeld"/),
    });
    expect(JSON.parse((output as { Cause: string }).Cause)).toMatchObject({
      errorMessage: 'no',
      trace: expect.any(Array),
    });
  });

  test('A task is retried as its retrier defines', async () => {
    const machine = oneTask({
      Retry: [
        {
          ErrorEquals: ['LockHeld'],
          IntervalSeconds: 1,
          MaxAttempts: 5,
          MaxDelaySeconds: 1,
          JitterStrategy: 'FULL',
        },
      ],
    });
    const rig = await open(
      machine,
      `let calls = 0;
export const handler = async () => { calls += 1; if (calls < 3) throw Object.assign(new Error('no'), { name: 'LockHeld' }); return calls; };`,
    );

    const { output, events } = await run(rig);

    expect(output).toMatchObject({ Payload: 3 });
    expect(events.filter(({ type }) => type === 'StateRetried')).toHaveLength(2);
  });

  test('A task is Lambda.Unknown when its function takes the whole thread down, and the next one runs', async () => {
    const rig = await open(oneTask({}), 'export const handler = async () => process.exit(1);');

    const { output } = await run(rig);

    expect(output).toMatchObject({ Error: 'Lambda.Unknown' });
  });

  test('A task prints into the log only', async () => {
    const folder = scratch();
    const rig = await open(oneTask({}), `export const handler = async () => console.log('a word');`, folder);

    await run(rig);
    await opened
      .splice(0)
      .reduce((before, close) => before.then(() => close()), Promise.resolve<unknown>(null));

    expect(readFileSync(join(folder, 'lambda.log'), 'utf8')).toBe('a word\n');
  });
});

describe('an execution', () => {
  test('An execution is described while it runs and after it was stopped, and its end is published once', async () => {
    const rig = await open(oneTask(waiting), givesAwayToken());
    const describeIt = () =>
      rig.client.send(new DescribeExecutionCommand({ executionArn: executionArn('one') }));
    const statuses: (string | undefined)[] = [];

    const { status } = await run(rig, async () => {
      statuses.push((await describeIt()).status);
      await rig.client.send(new StopExecutionCommand({ executionArn: executionArn('one') }));
    });
    statuses.push((await describeIt()).status);

    expect(status).toBe('ABORTED');
    expect(statuses).toEqual(['RUNNING', 'ABORTED']);
    expect(rig.events.map(({ detail }) => detail.status)).toEqual(['ABORTED']);
  });

  test('An execution of another process is RUNNING while that process lives, and ABORTED and published when it is dead', async () => {
    const folder = scratch();
    const rig = await open(oneTask({}), 'export const handler = async () => 1;', folder);
    const other = rig.executions.records;
    other.begin({ name: 'theirs', arn: executionArn('theirs'), startedAt: 1, input: {} }, null);
    const describeIt = () =>
      rig.client.send(new DescribeExecutionCommand({ executionArn: executionArn('theirs') }));
    const alive = await describeIt();

    forgeOwner(join(folder, 'theirs.jsonl'));
    const dead = await describeIt();
    await rig.executions.endAbandonedExecutions();

    expect([alive.status, dead.status]).toEqual(['RUNNING', 'ABORTED']);
    expect(rig.events).toMatchObject([{ detail: { status: 'ABORTED', name: 'theirs', input: '{}' } }]);
    await rig.executions.endAbandonedExecutions();
    expect(rig.events).toHaveLength(1);
  });

  test('An unknown execution does not exist', async () => {
    const { client } = await open(oneTask({}), 'export const handler = async () => 1;');

    for (const name of ['unknown', '../lambda', '']) {
      await expect(
        client.send(new DescribeExecutionCommand({ executionArn: executionArn(name) })),
      ).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    }
  });

  test('An execution that times out as a whole is TIMED_OUT', async () => {
    const rig = await open({ ...oneTask(waiting), TimeoutSeconds: 1 }, givesAwayToken());

    const { status } = await run(rig);

    expect(status).toBe('TIMED_OUT');
    expect(rig.events).toMatchObject([{ detail: { status: 'TIMED_OUT' } }]);
  });

  test('An execution starts no function any more once it is aborted in the wait before a retry', async () => {
    const machine = oneTask({ Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 9 }] });
    const rig = await open(
      machine,
      `${givesAwayToken("throw Object.assign(new Error('no'), { name: 'Again' });")}`,
    );

    const { tokens } = await run(rig, () => rig.executions.abort(executionArn('one')));
    await sleep(100);

    expect(tokensGivenAway()).toEqual(tokens);
    expect(tokens).toHaveLength(1);
  });
});

/** Makes the record's owner a process that was here before the machine was last started. */
function forgeOwner(path: string): void {
  const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n');
  const start = JSON.parse(first);
  writeFileSync(
    path,
    [JSON.stringify({ ...start, owner: { ...start.owner, boot: 'an earlier one' } }), ...rest].join('\n'),
  );
}
