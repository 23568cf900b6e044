import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach } from 'vitest';
import { openLambdas } from '../../local/functions/lambdas.ts';
import { substitute } from '../../local/step-functions/definition.ts';
import { type Executions, openExecutions } from '../../local/step-functions/executions.ts';
import { startStepFunctions } from '../../local/step-functions/start.ts';
import { scratch } from './scratch.ts';
import { tinyLambdas } from './tiny-lambdas.ts';

const invoke = 'arn:aws:states:::lambda:invoke';
export const nothing = () => undefined;

/** A machine of one task that ends well, or badly with what it caught. */
export const oneTask = (task: object) => ({
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: invoke,
      TimeoutSeconds: 300,
      Parameters: { FunctionName: '${DoWorkArn}', Payload: { 'input.$': '$', 'token.$': '$$.Task.Token' } },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      Next: 'Done',
      ...task,
    },
    Caught: { Type: 'Pass', End: true },
    Done: { Type: 'Succeed' },
  },
});
export const waiting = { Resource: `${invoke}.waitForTaskToken` };

interface MachineRig {
  readonly executions: Executions;
  readonly client: SFNClient;
  readonly events: { detail: { status: string } }[];
}

export const opened: (() => Promise<unknown>)[] = [];

export async function open(machine: object, source: string, folder = scratch()): Promise<MachineRig> {
  const lambdas = openLambdas({
    folder: tinyLambdas({ 'do-work': source }),
    database: join(folder, 'dynamodb.sqlite'),
    environment: {},
    log: join(folder, 'lambda.log'),
  });
  const events: MachineRig['events'] = [];
  const executions = openExecutions({
    machines: { 'deploy-target': substitute(JSON.stringify(machine)) },
    folder,
    invoke: lambdas.invoke,
    onEnded: async (event) => void events.push(event as MachineRig['events'][number]),
  });
  const server = await startStepFunctions(executions, { onFault: nothing });
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
export async function run({ executions }: MachineRig, onToken: (token: string) => unknown = nothing) {
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

export function tokensGivenAway(): string[] {
  try {
    return readFileSync(tokenFile, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

let tokenFile = '';
/** A function that gives its token away and returns. */
export function givesAwayToken(then = ''): string {
  tokenFile = join(scratch(), 'tokens');
  return `import { appendFileSync } from 'node:fs';
export const handler = async ({ token }) => { appendFileSync(${JSON.stringify(tokenFile)}, token + '\\n'); ${then} return 'dropped'; };`;
}
