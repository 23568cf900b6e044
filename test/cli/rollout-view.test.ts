import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainRollout } from '../../cli/render/rollout-progress.ts';
import {
  countsOf,
  followDeployment,
  followRollout,
  newView,
  type RolloutView,
  rolloutLines,
} from '../../cli/render/rollout-view.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';
import { aRolloutState } from './rollouts.ts';

const own = (words: string) => `certferry ${words} --local`;
const screen = { colours: plainColours, rows: 24, own };

let clock = 1_800_000_000_000;
const entered = (name: string, type = 'Task', input: unknown = {}): ExecutionEvent => ({
  type: 'StateEntered',
  timestamp: clock++,
  state: { name, type, input },
});
const exited = (name: string, output: unknown, type = 'Task'): ExecutionEvent => ({
  type: 'StateExited',
  timestamp: clock++,
  state: { name, type, output },
});
const ended = (outcome: string): ExecutionEvent => entered('End', 'Fail', { outcome });

/** A view in the middle of a wave. */
function deploying(state: RolloutState): RolloutView {
  const view = newView();
  view.id = 'r-1';
  followRollout(view, exited('NextWave', state));
  followRollout(view, entered('DeployWave', 'Map'));
  return view;
}

describe('the view of a rollout', () => {
  test('The view of a rollout has the wave, the counts, and a line for each target that is being deployed to', () => {
    clock = 10_000;
    const view = deploying(
      aRolloutState({
        wave: { number: 2, step: 1, count: 19, reached: 1, total: 200 },
        judgement: { failed: 1, tolerated: 2 },
      }),
    );
    for (const id of ['web-1', 'web-2', 'web-3', 'web-4']) followDeployment(view, id, entered('AcquireLock'));
    followDeployment(view, 'web-1', ended('deployed'));
    followDeployment(view, 'web-2', ended('rolled_back'));
    followDeployment(view, 'web-4', entered('ProbeEndpoint'));

    expect(rolloutLines(view, 12_500, screen)).toEqual([
      'rollout r-1  api.example.com',
      'wave 2 of 3  19 targets: 1 deployed, 1 failed, 2 running, 15 waiting',
      '1 of 200 targets done before this wave; 1 failed in previous waves, 2 tolerated',
      expect.stringMatching(/^. web-3 {2}AcquireLock {5}2\.5 s$/),
      expect.stringMatching(/^. web-4 {2}ProbeEndpoint {3}2\.5 s$/),
    ]);
  });

  test('The view of a rollout is never higher than the screen, and counts the lines that it omits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 60 }), fc.integer({ min: 0, max: 300 }), (rows, running) => {
        const view = deploying(aRolloutState({ wave: { count: running } }));
        for (let at = 0; at < running; at += 1) followDeployment(view, `web-${at}`, entered('AcquireLock'));

        const lines = rolloutLines(view, clock, { ...screen, rows });

        const counted = Number(/^and (\d+) more$/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(lines.filter((line) => line.includes('AcquireLock')).length + counted).toBe(running);
      }),
    );
  });

  test('The view of a rollout uses the counts of the Map Run if deployments run elsewhere, and starts again with each wave', () => {
    const view = deploying(aRolloutState({ wave: { count: 10 } }));
    view.counts = { waiting: 1, running: 2, succeeded: 6, failed: 1 };
    expect(rolloutLines(view, clock, screen)[1]).toContain('6 deployed, 1 failed, 2 running, 1 waiting');

    followRollout(view, entered('DeployWave', 'Map'));

    expect(countsOf(view)).toEqual({ waiting: 10, running: 0, succeeded: 0, failed: 0 });
  });

  test('The view of a rollout counts every deployment once, whatever comes in which order', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      what: fc.constantFrom('enter', 'deployed', 'rolled_back', 'skipped'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const view = deploying(aRolloutState({ wave: { count: 4 } }));
        for (const { id, what } of steps)
          followDeployment(view, id, what === 'enter' ? entered('AcquireLock') : ended(what));

        const { waiting, running, succeeded, failed } = countsOf(view);

        expect(waiting + running + succeeded + failed).toBe(4);
      }),
    );
  });

  test('The view of a rollout shows what the rollout waits for', () => {
    const view = deploying(aRolloutState({ wave: { summary: 'the windows are closed until 02:00' } }));
    const second = () => rolloutLines(view, clock, screen)[1];

    followRollout(view, entered('AwaitApproval'));
    expect(second()).toBe('wave 1 of 3  waiting for approval: certferry approve r-1 --local');
    followRollout(view, entered('AwaitTurn', 'Wait'));
    expect(second()).toContain('the windows are closed until 02:00');
    followRollout(view, entered('PauseBetweenWaves', 'Wait'));
    expect(second()).toContain('pause before the next wave');
    followRollout(view, entered('ProbeServices'));
    expect(second()).toContain('probing the service endpoints');
  });

  test('The view of a rollout shows that it rolls back', () => {
    const view = deploying(aRolloutState({ wave: { direction: 'rollback', number: 4, count: 2 } }));
    followDeployment(view, 'web-1', ended('deployed'));

    expect(rolloutLines(view, clock, screen)[1]).toBe(
      'rollback, wave 4  2 targets: 1 rolled back, 0 failed, 0 running, 1 waiting',
    );
  });

  test('The view of a rollout can be of a stack of another version, whose state has more or less than is known here', () => {
    const view = newView();
    const { facts: _, ...rollout } = aRolloutState().rollout as Record<string, unknown>;
    followRollout(view, exited('NextWave', { ...aRolloutState(), rollout, news: 1 }));
    expect(view.snapshot?.wave.total).toBe(10);

    followRollout(view, exited('NextWave', { nothing: 'known' }));
    followRollout(view, exited('NextWave', 'cut off'));
    expect(view.snapshot?.wave.total).toBe(10);
  });
});

describe('the plain lines of a rollout', () => {
  test('The plain lines of a rollout are one for each target that has ended and for each thing that was decided', () => {
    const lines: string[] = [];
    const progress = plainRollout({ out: (line) => lines.push(line), err: () => {} }, own);
    progress.onStart('r-1');
    progress.onEvent(entered('NextWave'));
    progress.onEvent(exited('NextWave', aRolloutState()));
    progress.onEvent(entered('DeployWave', 'Map'));
    for (const state of ['AcquireLock', 'PushBundle', 'ProbeEndpoint']) {
      progress.onDeploymentEvent('web-1', entered(state));
    }
    progress.onDeploymentEvent('web-1', ended('deployed'));
    progress.onEvent(exited('DeployWave', aRolloutState(), 'Map'));
    progress.onEvent(exited('JudgeWave', aRolloutState()));
    progress.onEvent(entered('AwaitApproval'));
    progress.onEvent(
      exited('AwaitApproval', aRolloutState({ approval: { verdict: 'rejected', by: 'ada' } })),
    );
    const halt = {
      verdict: 'rollback' as const,
      reason: 'ApprovalRejected',
      summary: 'rejected',
      redriveCount: 0,
    };
    progress.onEvent(exited('HaltRollout', aRolloutState({ halt })));
    progress.onEvent(
      exited('NextWave', aRolloutState({ wave: { direction: 'rollback', summary: 'wave 2: back' } })),
    );
    progress.onDeploymentEvent('web-1', ended('deployed'));

    expect(lines).toEqual([
      'rollout r-1',
      'rollout: wave 1 (1): 1 of 10 targets, 0 already reached',
      'web-1: deployed',
      'rollout: wave 1: 1 of 1 succeeded',
      'rollout: waiting for approval: certferry approve r-1 --local',
      'rollout: rejected by ada',
      'rollout: halted, rolling back',
      'rollout: wave 2: back',
      'web-1: rolled back',
    ]);
  });
});
