// The second interpreter of the state machine (rollout/execution.ts), with a function that answers too late. The first one, of local
// mode, is in test/scenarios/branches.test.ts.
import { expect, test } from 'vitest';
import { type Reply, usual } from '../scenarios/stand-ins.ts';
import { Interleaver } from './lock/interleaver.ts';
import { type Environment, Execution, TaskError } from './rollout/execution.ts';
import { deployTarget } from './rollout/graph.ts';

/** The states that a deployment enters. `late`: the calls of a function, in order, whose state times out. */
async function statesWith(late: Readonly<Record<string, readonly boolean[]>>): Promise<string> {
  const interleaver = new Interleaver(1);
  const calls = new Map<string, number>();
  const states: string[] = [];
  let answer: Promise<unknown> = Promise.resolve();
  const environment: Environment = {
    interleaver,
    isCalm: () => false,
    async invoke({ state }: Execution, name: string) {
      if (states.at(-1) !== state) states.push(state);
      const call = calls.get(state) ?? 0;
      calls.set(state, call + 1);
      if (late[state]?.[call] === true) throw new TaskError('States.Timeout');
      answer = Promise.resolve(replyOf(name));
      return replyOf(name);
    },
    token: () => ({ token: 'token', answer: Promise.resolve().then(() => answer) }),
    now: () => '2026-11-22T12:00:00.000Z',
    passes: () => undefined,
    wave: () => expect.unreachable('a deployment has no wave'),
    ended: () => undefined,
    problem: (what) => expect.unreachable(what),
  };
  const plan = { arn: 'arn', name: 'one', kind: 'deployment', graph: deployTarget, input: {} } as const;
  const execution = new Execution({ ...plan, startedAt: environment.now() }, environment);
  let isOver = false;
  const run = execution.go().finally(() => {
    isOver = true;
  });
  while (!isOver) await interleaver.step();
  await run;
  return [...states, execution.state].join(' ');
}

function replyOf(name: string): Reply {
  const key = name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return usual[key]?.[0] ?? { outcome: 'deployed', summary: 'recorded' };
}

test('A probe that answers late once is made again, and the deployment succeeds', async () => {
  expect(await statesWith({ ProbeEndpoint: [true] })).toBe(
    'AcquireLock PushBundle ProbeEndpoint CommitDeployment Deployed',
  );
});

test('A deployment whose probes all answer late keeps the new version and is recorded as not probed', async () => {
  expect(await statesWith({ ProbeEndpoint: [true, true, true] })).toBe(
    'AcquireLock PushBundle ProbeEndpoint RecordUnprobed Unprobed',
  );
});

test('A recording state that times out is entered again, and the deployment succeeds', async () => {
  expect(await statesWith({ CommitDeployment: [true, true] })).toBe(
    'AcquireLock PushBundle ProbeEndpoint CommitDeployment Deployed',
  );
});
