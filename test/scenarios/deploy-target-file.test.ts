import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import {
  inPartition,
  isEnd,
  isRecording,
  longestPath,
  machine,
  maximumWait,
  stateNamed,
  states,
  successors,
} from './graph.ts';

const named = (kind: (state: (typeof states)[number][1]) => boolean) =>
  states.filter(([, state]) => kind(state)).map(([name]) => name);

const statesThatRetry = (error: string) =>
  named(({ Retry = [] }) => Retry.some(({ ErrorEquals }) => ErrorEquals.includes(error)));

function retrierFor(name: string, error: string) {
  const found = stateNamed(name).Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error));
  if (found === undefined) throw new Error(`${name} does not retry ${error}`);
  return found;
}

describe('deploy-target.asl.json', () => {
  test('The file is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(inPartition(machine, 'aws'), {
      checkPaths: true,
      checkArn: true,
    });

    expect(errorsText()).toBe('');
    expect(isValid).toBe(true);
  });

  test('Every state has a comment', () => {
    expect(named(({ Comment }) => Comment === undefined || Comment === '')).toEqual([]);
  });

  test('Every Choice has a default, because an execution without a match fails with its lock held', () => {
    expect(named(({ Type, Default }) => Type === 'Choice' && Default === undefined)).toEqual([]);
  });

  test('Every Task has a timeout', () => {
    expect(named(({ Type, TimeoutSeconds }) => Type === 'Task' && TimeoutSeconds === undefined)).toEqual([]);
  });

  test('The last Catch entry of every Task catches all errors', () => {
    const lastCatch = ({ Catch = [] }: (typeof states)[number][1]) => Catch.at(-1)?.ErrorEquals;

    expect(named((state) => state.Type === 'Task' && lastCatch(state)?.join() !== 'States.ALL')).toEqual([]);
  });

  test('A held lock and a paced send are retried; errors that a retry cannot help are not', () => {
    const retried = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));
    const own = ['Superseded', 'SourceUnavailable', 'States.ALL'];

    expect(own.filter((error) => retried.includes(error))).toEqual([]);
    expect(retried).toContain('LockHeld');
    expect(retried).toContain('SendPaced');
    // a repeated probe changes nothing on the host
    expect(statesThatRetry('CommandUndeliverable')).toEqual(['ProbeFromHost']);
  });

  test('AcquireLock waits long enough for thirty targets of one host that take a minute each', () => {
    const retrier = retrierFor('AcquireLock', 'LockHeld');

    // full jitter draws from 0 to the wait, so half of it on average; the test allows four standard deviations less
    const average = maximumWait(retrier) / 2;
    const deviation = (retrier.MaxDelaySeconds / Math.sqrt(12)) * Math.sqrt(retrier.MaxAttempts);
    expect(average - 4 * deviation).toBeGreaterThan(30 * 60);
  });

  test('A paced send is retried for as long as ten thousand commands take at ten per second', () => {
    for (const name of ['PushBundle', 'ReconcileCommand', 'ProbeFromHost']) {
      const retrier = retrierFor(name, 'SendPaced');

      expect(maximumWait(retrier) / 2).toBeGreaterThan(10_000 / 10);
    }
  });

  test('RollBack never waits for the pace of sends', () => {
    expect(JSON.stringify(stateNamed('RollBack'))).not.toContain('SendPaced');
  });

  test('Every path to an end passes exactly one recording state, Catch included', () => {
    for (const [name, state] of states) {
      for (const next of successors(state)) {
        expect([name, next, isEnd(stateNamed(next))]).toEqual([name, next, isRecording(state)]);
      }
    }
    expect(isEnd(stateNamed(machine.StartAt))).toBe(false);
  });

  test('Every state is reachable', () => {
    const reached = new Set([machine.StartAt]);
    for (const name of reached) for (const next of successors(stateNamed(name))) reached.add(next);

    expect([...reached].sort()).toEqual(states.map(([name]) => name).sort());
  });

  test('A deployment without failures takes seven transitions', () => {
    const beginning = ['AcquireLock', 'PushBundle', 'PushOutcome?', 'ProbeEndpoint', 'ProbeOutcome?'];
    const successful = [...beginning, 'CommitDeployment', 'Deployed'];

    for (const [index, name] of successful.slice(0, -1).entries()) {
      expect(successors(stateNamed(name))).toContain(successful[index + 1]);
    }
    expect(stateNamed('Deployed').Type).toBe('Succeed');
    expect(successful).toHaveLength(7);
  });

  test('The timeout of the machine allows for all retries on its longest path', () => {
    expect(longestPath(machine.StartAt)).toBeLessThan(machine.TimeoutSeconds);
  });
});
