import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonEndpoint } from '../../local/http/json-endpoint.ts';
import { type Lambdas, openLambdas } from '../../local/lambdas.ts';
import { substitute } from '../../local/step-functions/definition.ts';
import { type Executions, executionArn, openExecutions } from '../../local/step-functions/executions.ts';
import { startStepFunctions } from '../../local/step-functions/start.ts';
import { scratch } from './scratch.ts';
import { tinyLambdas } from './tiny-lambdas.ts';

const invoke = 'arn:aws:states:::lambda:invoke';
const nothing = () => undefined;

/** A machine of one task that ends well, or badly with what it caught. */
const oneTask = (task: object) => ({
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: invoke,
      TimeoutSeconds: 5,
      Parameters: { FunctionName: '${DoWorkArn}', Payload: { 'input.$': '$', 'token.$': '$$.Task.Token' } },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      Next: 'Done',
      ...task,
    },
    Caught: { Type: 'Pass', End: true },
    Done: { Type: 'Succeed' },
  },
});
const waiting = { Resource: `${invoke}.waitForTaskToken` };

interface House {
  readonly executions: Executions;
  readonly client: SFNClient;
  readonly events: { detail: { status: string } }[];
}

const opened: (() => Promise<unknown>)[] = [];

async function open(machine: object, source: string, folder = scratch()): Promise<House> {
  const lambdas: Lambdas = openLambdas({
    folder: tinyLambdas({ 'do-work': source }),
    environment: {},
    log: join(folder, 'lambda.log'),
  });
  const events: House['events'] = [];
  const executions = openExecutions({
    definition: substitute(JSON.stringify(machine)),
    folder,
    invoke: lambdas.invoke,
    onEnded: async (event) => void events.push(event as House['events'][number]),
  });
  const server: JsonEndpoint = await startStepFunctions(executions, { onFault: nothing });
  const client = new SFNClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  opened.push(executions.close, lambdas.close, server.close);
  return { executions, client, events };
}

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** Runs one execution; the tokens handed to the function are given to `onToken`. */
async function run({ executions }: House, onToken: (token: string) => unknown = nothing) {
  const tokens: string[] = [];
  const poll = setInterval(() => {
    for (const token of tokensGivenAway()) {
      if (tokens.includes(token)) continue;
      tokens.push(token);
      onToken(token);
    }
  }, 10);
  const ended = await executions.run('one', { hello: 'world' }, nothing);
  clearInterval(poll);
  return {
    ...ended,
    tokens,
    states: ended.events.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name),
  };
}

function tokensGivenAway(): string[] {
  try {
    return readFileSync(tokenFile, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

let tokenFile = '';
/** A function that gives its token away and returns. */
function givesAwayToken(then = ''): string {
  tokenFile = join(scratch(), 'tokens');
  return `import { appendFileSync } from 'node:fs';
export const handler = async ({ token }) => { appendFileSync(${JSON.stringify(tokenFile)}, token + '\\n'); ${then} return 'dropped'; };`;
}

describe('a task', () => {
  test('gets its payload and gives its result as the Lambda integration does', async () => {
    const house = await open(
      oneTask({}),
      'export const handler = async ({ input }) => ({ ...input, left: undefined });',
    );

    const { status, output } = await run(house);

    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({ ExecutedVersion: '$LATEST', Payload: { hello: 'world' }, StatusCode: 200 });
  });

  test('fails with the error type as its name and the error as JSON for its cause', async () => {
    const house = await open(
      oneTask({}),
      `export const handler = async () => { const error = new Error('no'); error.name = 'LockHeld'; throw error; };`,
    );

    const { output } = await run(house);

    expect(output).toMatchObject({
      Error: 'LockHeld',
      Cause: expect.stringMatching(/^{"errorType":"LockHeld"/),
    });
    expect(JSON.parse((output as { Cause: string }).Cause)).toMatchObject({
      errorMessage: 'no',
      trace: expect.any(Array),
    });
  });

  test('is tried again as its retrier says', async () => {
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
    const house = await open(
      machine,
      `let calls = 0;
export const handler = async () => { calls += 1; if (calls < 3) throw Object.assign(new Error('no'), { name: 'LockHeld' }); return calls; };`,
    );

    const { output, events } = await run(house);

    expect(output).toMatchObject({ Payload: 3 });
    expect(events.filter(({ type }) => type === 'StateRetried')).toHaveLength(2);
  });

  test('is Lambda.Unknown when its function takes the whole thread down, and the next one runs', async () => {
    const house = await open(oneTask({}), 'export const handler = async () => process.exit(1);');

    const { output } = await run(house);

    expect(output).toMatchObject({ Error: 'Lambda.Unknown' });
  });

  test('prints into the log only', async () => {
    const folder = scratch();
    const house = await open(
      oneTask({}),
      `export const handler = async () => console.log('a word');`,
      folder,
    );

    await run(house);
    await opened
      .splice(0)
      .reduce((before, close) => before.then(() => close()), Promise.resolve<unknown>(null));

    expect(readFileSync(join(folder, 'lambda.log'), 'utf8')).toBe('a word\n');
  });
});

describe('a task that waits for its token', () => {
  test('ends with what comes with the token, and takes one answer only', async () => {
    const house = await open(oneTask(waiting), givesAwayToken());
    const answer = (taskToken: string) =>
      house.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"outcome":"applied"}' }));

    const { output, tokens } = await run(house, answer);

    expect(output).toEqual({ outcome: 'applied' });
    await expect(answer(tokens[0] ?? '')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(answer('never-given-out')).rejects.toMatchObject({ name: 'TaskDoesNotExist' });
  });

  test('may be answered before its function has returned', async () => {
    const house = await open(
      oneTask(waiting),
      givesAwayToken('await new Promise((go) => setTimeout(go, 300));'),
    );

    const { output } = await run(house, (taskToken) =>
      house.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })),
    );

    expect(output).toBe(1);
  });

  test('fails with the error and cause of SendTaskFailure', async () => {
    const house = await open(oneTask(waiting), givesAwayToken());

    const { output } = await run(house, (taskToken) =>
      house.client.send(new SendTaskFailureCommand({ taskToken, error: 'HostLost', cause: 'silence' })),
    );

    expect(output).toEqual({ Error: 'HostLost', Cause: 'silence' });
  });

  test('times out, and its token is dead', async () => {
    const house = await open(oneTask({ ...waiting, TimeoutSeconds: 1 }), givesAwayToken());

    const { output, tokens } = await run(house);

    expect(output).toMatchObject({ Error: 'States.Timeout' });
    const late = house.client.send(new SendTaskSuccessCommand({ taskToken: tokens[0] ?? '', output: '1' }));
    await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('gets a fresh token for each attempt; the one before is dead', async () => {
    const machine = oneTask({
      ...waiting,
      Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 1 }],
    });
    const house = await open(machine, givesAwayToken());
    const seen: string[] = [];

    const { output, tokens } = await run(house, async (taskToken) => {
      seen.push(taskToken);
      if (seen.length === 1) {
        await house.client.send(new SendTaskFailureCommand({ taskToken, error: 'Again' }));
      } else {
        await expect(
          house.client.send(new SendTaskSuccessCommand({ taskToken: seen[0] ?? '', output: '1' })),
        ).rejects.toMatchObject({ name: 'TaskTimedOut' });
        await house.client.send(new SendTaskSuccessCommand({ taskToken, output: '2' }));
      }
    });

    expect(output).toBe(2);
    expect(new Set(tokens).size).toBe(2);
  });
});

describe('an execution', () => {
  test('is described while it runs and after it was stopped; its end is told once', async () => {
    const house = await open(oneTask(waiting), givesAwayToken());
    const describeIt = () =>
      house.client.send(new DescribeExecutionCommand({ executionArn: executionArn('one') }));
    const statuses: (string | undefined)[] = [];

    const { status } = await run(house, async () => {
      statuses.push((await describeIt()).status);
      await house.client.send(new StopExecutionCommand({ executionArn: executionArn('one') }));
    });
    statuses.push((await describeIt()).status);

    expect(status).toBe('ABORTED');
    expect(statuses).toEqual(['RUNNING', 'ABORTED']);
    expect(house.events.map(({ detail }) => detail.status)).toEqual(['ABORTED']);
  });

  test('of another process is RUNNING while that lives, ABORTED and told when it is dead', async () => {
    const folder = scratch();
    const house = await open(oneTask({}), 'export const handler = async () => 1;', folder);
    const other = house.executions.records;
    other.begin({ name: 'theirs', arn: executionArn('theirs'), startedAt: 1, input: {} });
    const describeIt = () =>
      house.client.send(new DescribeExecutionCommand({ executionArn: executionArn('theirs') }));
    const alive = await describeIt();

    forgeOwner(join(folder, 'theirs.jsonl'));
    const dead = await describeIt();
    await house.executions.buryDead();

    expect([alive.status, dead.status]).toEqual(['RUNNING', 'ABORTED']);
    expect(house.events).toMatchObject([{ detail: { status: 'ABORTED', name: 'theirs', input: '{}' } }]);
    await house.executions.buryDead();
    expect(house.events).toHaveLength(1);
  });

  test('that nobody knows does not exist', async () => {
    const { client } = await open(oneTask({}), 'export const handler = async () => 1;');

    for (const name of ['unknown', '../lambda', '']) {
      await expect(
        client.send(new DescribeExecutionCommand({ executionArn: executionArn(name) })),
      ).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    }
  });

  test('that times out as a whole is TIMED_OUT', async () => {
    const house = await open({ ...oneTask(waiting), TimeoutSeconds: 1 }, givesAwayToken());

    const { status } = await run(house);

    expect(status).toBe('TIMED_OUT');
    expect(house.events).toMatchObject([{ detail: { status: 'TIMED_OUT' } }]);
  });

  test('starts no function any more once it is aborted in the wait before a retry', async () => {
    const machine = oneTask({ Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 9 }] });
    const house = await open(
      machine,
      `${givesAwayToken("throw Object.assign(new Error('no'), { name: 'Again' });")}`,
    );

    const { tokens } = await run(house, () => house.executions.abort('one'));
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
