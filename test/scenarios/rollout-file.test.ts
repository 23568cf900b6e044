import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { RecordedRollout, RolloutState } from '../../core/rollout/rollout.ts';
import { RecordingPath } from '../../lambdas/rollout/rollout-record.ts';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { inPartition, isEnd, type Machine, type State, successors } from './graph.ts';

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

/** Whether objects of a schema have a path. If so, every state that a task returns has it. */
function has(schema: object, path: string): boolean {
  let at: unknown = schema;
  for (const step of path.replace(/^\$\./, '').split('.')) {
    const inner = (at as { def?: { innerType?: unknown } }).def?.innerType ?? at;
    at = (inner as { shape?: Record<string, unknown> }).shape?.[step];
    if (at === undefined) return false;
  }
  return true;
}

describe('rollout.asl.json with the graph of a deployment', () => {
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

  test('Every Choice has a default', () => {
    expect(named(({ Type, Default }) => Type === 'Choice' && Default === undefined)).toEqual([]);
  });

  test('Every Task has a timeout', () => {
    const unbounded = ({ Type, TimeoutSeconds, TimeoutSecondsPath }: RolloutStateOfGraph) =>
      Type === 'Task' && TimeoutSeconds === undefined && TimeoutSecondsPath === undefined;

    expect(named(unbounded)).toEqual([]);
  });

  test('Every Task catches all errors, except the one that fails the execution', () => {
    const open = ({ Type, Catch = [] }: State) =>
      Type === 'Task' && Catch.at(-1)?.ErrorEquals.join() !== 'States.ALL';

    expect(named(open)).toEqual(['RolloutHalted']);
  });

  test('An unavailable source is retried; a halted, existing or superseded rollout is not', () => {
    const own = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));

    expect(
      own.filter((name) => ['RolloutHalted', 'RolloutExists', 'Superseded', 'States.ALL'].includes(name)),
    ).toEqual([]);
    expect(own).toContain('SourceUnavailable');
  });

  test('Every task is retried when it times out, except the wait for an approval', () => {
    const notRetried = states.filter(
      ([, { Type, Retry = [] }]) =>
        Type === 'Task' && !Retry.some(({ ErrorEquals }) => ErrorEquals.includes('States.Timeout')),
    );

    expect(notRetried.map(([name]) => name)).toEqual(['AwaitApproval']);
  });

  test('Every state is reachable', () => {
    const reached = new Set([machine.StartAt]);
    for (const name of reached) {
      const state = machine.States[name];
      for (const next of state === undefined ? [] : successors(state)) reached.add(next);
    }

    expect(states.map(([name]) => name).filter((name) => !reached.has(name))).toEqual([]);
  });

  test('Only states that record the outcome lead to an end, unless recording fails', () => {
    const predecessors = (end: string) =>
      states.filter(([, state]) => successors(state).includes(end)).map(([, state]) => state);
    const ends = named(isEnd).filter((name) => name !== 'RolloutRecordingFailed');

    for (const end of ends) {
      expect(
        predecessors(end).map(({ Parameters }) => Parameters?.FunctionName),
        end,
      ).toEqual(['${EndRolloutArn}']);
    }
    expect(ends).toHaveLength(RecordingPath.options.length);
  });

  test('The states use every path of EndRollout', () => {
    const paths = states.flatMap(([, { Parameters }]) => Parameters?.Payload?.path ?? []);

    expect(paths.sort()).toEqual([...RecordingPath.options, 'halted'].sort());
  });

  test('States read only fields that every task returns', () => {
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

  test('Choices cover every verdict except those that go to HaltRollout by default', () => {
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

    // verdicts without a branch of their own go to the Default, HaltRollout
    expect(known.filter((verdict) => !verdicts.includes(verdict))).toEqual([
      'wave: halted',
      'judgement: halt',
    ]);
    expect(verdicts.filter((verdict) => !known.includes(verdict))).toEqual([]);
  });

  test('The Map contains the graph of a deployment, after the splay', () => {
    const { ItemProcessor } = machine.States.DeployWave;

    expect(Object.keys(ItemProcessor.States)).toEqual(
      expect.arrayContaining(['Splay', 'AcquireLock', 'Skipped']),
    );
    expect(ItemProcessor.States.Splay?.Next).toBe('AcquireLock');
  });
});
