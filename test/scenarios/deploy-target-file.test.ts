import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { isEnd, isRecording, longestWay, machine, stateNamed, states, successors } from './graph.ts';

const named = (kind: (state: (typeof states)[number][1]) => boolean) =>
  states.filter(([, state]) => kind(state)).map(([name]) => name);

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

  test('does not retry what a state says by its own error, but for the lock that is held', () => {
    const retried = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));
    const own = ['Superseded', 'SourceUnavailable', 'CommandUndeliverable', 'States.ALL', 'States.Timeout'];

    expect(own.filter((error) => retried.includes(error))).toEqual([]);
    expect(retried).toContain('LockHeld');
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
