import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { RecordedRollout, RolloutState } from '../../core/rollout/rollout.ts';
import { RecordingPath } from '../../lambdas/rollout/rollout-record.ts';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { isEnd, type Machine, type State, successors } from './graph.ts';

interface RolloutStateOfGraph extends State {
  readonly ErrorPath?: string;
  readonly CausePath?: string;
  readonly SecondsPath?: string;
  readonly TimeoutSecondsPath?: string;
  readonly MaxConcurrencyPath?: string;
  readonly Parameters?: { readonly FunctionName?: string; readonly Payload?: { readonly path?: string } };
  readonly Choices?: readonly {
    readonly Next: string;
    readonly Variable: string;
    readonly StringEquals: string;
  }[];
}

const machine = JSON.parse(renderRollout()) as Machine & {
  States: { DeployWave: { ItemProcessor: { States: Record<string, State> } } };
};
const states = Object.entries(machine.States) as [string, RolloutStateOfGraph][];
const named = (kind: (state: RolloutStateOfGraph) => boolean) =>
  states.filter(([, state]) => kind(state)).map(([name]) => name);

/** Whether a schema's objects have that path: then every state that a task answers has it. */
function has(schema: object, path: string): boolean {
  let at: unknown = schema;
  for (const step of path.replace(/^\$\./, '').split('.')) {
    const inner = (at as { def?: { innerType?: unknown } }).def?.innerType ?? at;
    at = (inner as { shape?: Record<string, unknown> }).shape?.[step];
    if (at === undefined) return false;
  }
  return true;
}

describe('rollout.asl.json, with the graph of a deployment in it', () => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(machine, { checkPaths: true, checkArn: true });

    expect(errorsText()).toBe('');
    expect(isValid).toBe(true);
  });

  test('says of every state what it is for', () => {
    expect(named(({ Comment }) => Comment === undefined || Comment === '')).toEqual([]);
  });

  test('leads on from every Choice whatever comes', () => {
    expect(named(({ Type, Default }) => Type === 'Choice' && Default === undefined)).toEqual([]);
  });

  test('bounds the time of every Task', () => {
    const unbounded = ({ Type, TimeoutSeconds, TimeoutSecondsPath }: RolloutStateOfGraph) =>
      Type === 'Task' && TimeoutSeconds === undefined && TimeoutSecondsPath === undefined;

    expect(named(unbounded)).toEqual([]);
  });

  test('catches everything in every Task but the one that fails the execution', () => {
    const open = ({ Type, Catch = [] }: State) =>
      Type === 'Task' && Catch.at(-1)?.ErrorEquals.join() !== 'States.ALL';

    expect(named(open)).toEqual(['RolloutHalted']);
  });

  test('does not retry what a task says by its own error, but for a source that may come back', () => {
    const own = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));

    expect(
      own.filter((name) => ['RolloutHalted', 'RolloutExists', 'Superseded', 'States.ALL'].includes(name)),
    ).toEqual([]);
    expect(own).toContain('SourceUnavailable');
  });

  test('asks again where the answer of a task is lost that decides or records at once', () => {
    const asked = states.filter(([, { Retry = [] }]) =>
      Retry.some(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout')),
    );
    const recording = named(({ Parameters }) => Parameters?.FunctionName === '${EndRolloutArn}');

    expect(asked.map(([name]) => name).sort()).toEqual([...recording, 'HaltRollout', 'JudgeWave'].sort());
  });

  test('reaches every state', () => {
    const reached = new Set([machine.StartAt]);
    for (const name of reached) {
      const state = machine.States[name];
      for (const next of state === undefined ? [] : successors(state)) reached.add(next);
    }

    expect(states.map(([name]) => name).filter((name) => !reached.has(name))).toEqual([]);
  });

  test('ends only after a state that records the end', () => {
    const before = (end: string) =>
      states.filter(([, state]) => successors(state).includes(end)).map(([, state]) => state);
    const ends = named(isEnd).filter((name) => name !== 'RolloutRecordingFailed');

    for (const end of ends) {
      expect(
        before(end).map(({ Parameters }) => Parameters?.FunctionName),
        end,
      ).toEqual(['${EndRolloutArn}']);
    }
    expect(ends).toHaveLength(RecordingPath.options.length);
  });

  test('records by every path that EndRollout knows', () => {
    const paths = states.flatMap(([, { Parameters }]) => Parameters?.Payload?.path ?? []);

    expect(paths.sort()).toEqual([...RecordingPath.options, 'halted'].sort());
  });

  test('reads only what the tasks always answer', () => {
    const paths = states.flatMap(
      ([, { SecondsPath, TimeoutSecondsPath, MaxConcurrencyPath, Choices = [] }]) => [
        SecondsPath,
        TimeoutSecondsPath,
        MaxConcurrencyPath,
        ...Choices.map(({ Variable }) => Variable),
      ],
    );
    const known = paths.filter((path) => path !== undefined);
    const failing = states.flatMap(([, { ErrorPath, CausePath }]) =>
      [ErrorPath ?? [], CausePath ?? []].flat(),
    );

    expect(known.length).toBeGreaterThan(10);
    expect(known.filter((path) => !has(RolloutState, path))).toEqual([]);
    expect(failing.filter((path) => !has(RecordedRollout, path))).toEqual([]);
  });

  test('knows every verdict that a Choice asks for', () => {
    const verdicts = states.flatMap(([, { Choices = [] }]) =>
      Choices.map(({ Variable, StringEquals }) => `${Variable.split('.')[1]}: ${StringEquals}`),
    );
    const { wave, judgement } = RolloutState.shape;
    const known = [
      ...wave.shape.verdict.options.map((verdict) => `wave: ${verdict}`),
      ...judgement.shape.verdict.options.map((verdict) => `judgement: ${verdict}`),
      'approval: approved',
      'halt: rollback',
    ];

    // those without a branch of their own go to HaltRollout, the Default
    expect(known.filter((verdict) => !verdicts.includes(verdict))).toEqual([
      'wave: halted',
      'judgement: halt',
    ]);
    expect(verdicts.filter((verdict) => !known.includes(verdict))).toEqual([]);
  });

  test('has the graph of a deployment in its Map, after the splay', () => {
    const { ItemProcessor } = machine.States.DeployWave;

    expect(Object.keys(ItemProcessor.States)).toEqual(
      expect.arrayContaining(['Splay', 'AcquireLock', 'Skipped']),
    );
    expect(ItemProcessor.States.Splay?.Next).toBe('AcquireLock');
  });
});
