import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import {
  isEnd,
  isRecording,
  longestWait,
  longestWay,
  machine,
  stateNamed,
  states,
  successors,
} from './graph.ts';

const named = (kind: (state: (typeof states)[number][1]) => boolean) =>
  states.filter(([, state]) => kind(state)).map(([name]) => name);

function retrierFor(name: string, error: string) {
  const found = stateNamed(name).Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error));
  if (found === undefined) throw new Error(`${name} does not retry ${error}`);
  return found;
}

describe('deploy-target.asl.json', () => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(machine, {
      checkPaths: true,
      checkArn: true,
    });

    expect(errorsText()).toBe('');
    expect(isValid).toBe(true);
  });

  test('says of every state what it is for', () => {
    expect(named(({ Comment }) => Comment === undefined || Comment === '')).toEqual([]);
  });

  test('leads on from every Choice whatever comes: no match would kill the execution with its lock held', () => {
    expect(named(({ Type, Default }) => Type === 'Choice' && Default === undefined)).toEqual([]);
  });

  test('bounds the time of every Task', () => {
    expect(named(({ Type, TimeoutSeconds }) => Type === 'Task' && TimeoutSeconds === undefined)).toEqual([]);
  });

  test('catches everything in every Task, last', () => {
    const lastCatch = ({ Catch = [] }: (typeof states)[number][1]) => Catch.at(-1)?.ErrorEquals;

    expect(named((state) => state.Type === 'Task' && lastCatch(state)?.join() !== 'States.ALL')).toEqual([]);
  });

  test('does not retry what a state says by its own error, but for a lock that is held and a turn that is far off', () => {
    const retried = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));
    const own = ['Superseded', 'SourceUnavailable', 'CommandUndeliverable', 'States.ALL', 'States.Timeout'];

    expect(own.filter((error) => retried.includes(error))).toEqual([]);
    expect(retried).toContain('LockHeld');
    expect(retried).toContain('SendPaced');
  });

  test('waits for a lock long enough for thirty targets of one host, each a minute of deployment', () => {
    const retrier = retrierFor('AcquireLock', 'LockHeld');

    // full jitter draws from 0 to the wait, so half of it on average; four standard deviations below that
    const average = longestWait(retrier) / 2;
    const deviation = (retrier.MaxDelaySeconds / Math.sqrt(12)) * Math.sqrt(retrier.MaxAttempts);
    expect(average - 4 * deviation).toBeGreaterThan(30 * 60);
  });

  test('comes back to send for as long as ten thousand commands at ten a second take', () => {
    for (const name of ['PushBundle', 'ReconcileCommand', 'ProbeFromHost']) {
      const retrier = retrierFor(name, 'SendPaced');

      expect(longestWait(retrier) / 2).toBeGreaterThan(10_000 / 10);
    }
  });

  test('never makes what undoes a deployment wait for its turn', () => {
    expect(JSON.stringify(stateNamed('RollBack'))).not.toContain('SendPaced');
  });

  test('passes exactly one recording state on every way to an end, Catch included', () => {
    for (const [name, state] of states) {
      for (const next of successors(state)) {
        expect([name, next, isEnd(stateNamed(next))]).toEqual([name, next, isRecording(state)]);
      }
    }
    expect(isEnd(stateNamed(machine.StartAt))).toBe(false);
  });

  test('reaches every state', () => {
    const reached = new Set([machine.StartAt]);
    for (const name of reached) for (const next of successors(stateNamed(name))) reached.add(next);

    expect([...reached].sort()).toEqual(states.map(([name]) => name).sort());
  });

  test('costs seven transitions when all goes well', () => {
    const way = ['AcquireLock', 'PushBundle', 'PushOutcome?', 'ProbeEndpoint', 'ProbeOutcome?'];
    const successful = [...way, 'CommitDeployment', 'Deployed'];

    for (const [index, name] of successful.slice(0, -1).entries()) {
      expect(successors(stateNamed(name))).toContain(successful[index + 1]);
    }
    expect(stateNamed('Deployed').Type).toBe('Succeed');
    expect(successful).toHaveLength(7);
  });

  test('has time for all retries on its longest way', () => {
    expect(longestWay(machine.StartAt)).toBeLessThan(machine.TimeoutSeconds);
  });
});
