import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { graphLines } from '../../cli/render/graph.ts';
import { unrecordedEnd, visitsOf } from '../../cli/report/visits.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { anExecution, aRolledBackExecution } from './events.ts';

const machine: StateMachine = JSON.parse(readFileSync('cdk/state-machines/deploy-target.asl.json', 'utf8'));
const layout = { colours: plainColours, width: 100 };

describe('the visits of an execution', () => {
  test('The visits of an execution are every stay in a state, in order, a state visited twice counted twice', () => {
    const states = visitsOf(aRolledBackExecution()).map((visit) => visit.state);

    expect(states.filter((state) => state === 'ProbeEndpoint')).toHaveLength(2);
    expect(states.at(0)).toBe('AcquireLock');
    expect(states.at(-1)).toBe('RolledBack');
  });

  test('The visits of an execution count the attempts that were followed by another one', () => {
    const { events } = anExecution()
      .enter('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .retry('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .retry('AcquireLock', 'Task');

    const [visit] = visitsOf(events);

    expect(visit?.retries.map(({ error }) => error)).toEqual(['LockHeld', 'LockHeld']);
    expect(visit?.failure).toBeNull();
    expect(visit?.endedAt).toBeNull();
  });

  test('The visits of an execution keep the failure that a Catch took, and where it led', () => {
    const { events } = anExecution()
      .enter('PushBundle', 'Task')
      .fail('PushBundle', 'Task', { error: 'States.Timeout', cause: '' })
      .caught('PushBundle', 'Task', 'ReconcileCommand')
      .enter('ReconcileCommand', 'Task');

    expect(visitsOf(events)[0]).toMatchObject({
      failure: { error: 'States.Timeout' },
      caughtBy: 'ReconcileCommand',
      next: 'ReconcileCommand',
    });
  });

  test('The visits of an execution end with an execution that is broken off', () => {
    const { events } = anExecution().enter('PushBundle', 'Task').end('ExecutionAborted');

    expect(visitsOf(events)[0]?.endedAt).not.toBeNull();
  });
});

describe('the end of an execution that recorded no outcome', () => {
  test('An execution without a recorded outcome is shown as halted if its rollout is halted, with the reason and the next step', () => {
    const cause = JSON.stringify({ errorMessage: '2 failed. certferry rollout --resume r-1', trace: [] });
    const { events } = anExecution()
      .enter('RolloutHalted', 'Task')
      .fail('RolloutHalted', 'Task', { error: 'RolloutHalted', cause });

    expect(unrecordedEnd('FAILED', visitsOf(events))).toBe(
      'halted: 2 failed. certferry rollout --resume r-1',
    );
  });

  test('The end of an execution that recorded no outcome is the error that nothing caught, or that nothing is known', () => {
    const { events } = anExecution()
      .enter('NextWave', 'Task')
      .fail('NextWave', 'Task', { error: 'States.Timeout', cause: '' });

    expect(unrecordedEnd('FAILED', visitsOf(events))).toBe('FAILED: States.Timeout');
    expect(unrecordedEnd('ABORTED', [])).toBe('ABORTED: no state recorded an outcome');
  });
});

describe('the execution graph', () => {
  test('The execution graph shows the path from top to bottom with durations, summaries and, on request, the transitions not taken', () => {
    const lines = graphLines(machine, aRolledBackExecution(), { ...layout, all: true });

    expect(lines.slice(0, 12)).toEqual([
      '● AcquireLock                   10 ms  fence 3',
      '│',
      '● PushBundle                   340 ms  applied: installed and reloaded',
      '│',
      '◇ PushOutcome?                         → ProbeEndpoint',
      '├╌╌╌ not taken: PushBundle, RecordValidated, ProbeFromHost, CommitDeployment, ReconcileCommand,',
      '│    RollBack, RecordRollbackFailed, RecordFailed',
      '│',
      '● ProbeEndpoint                 10 ms  retry: 127.0.0.1:443 serves another leaf',
      '│',
      '◇ ProbeOutcome?                        → BackOff',
      '├╌╌╌ not taken: RunOnDeployed, CommitDeployment, RollBack',
    ]);
    expect(lines).toContain('◷ BackOff                       1.0 s');
    expect(lines.find((line) => line.startsWith('✖'))).toMatch(/^✖ RolledBack +rolled_back$/);
  });

  test('The execution graph folds what was never entered into one line', () => {
    const lines = graphLines(machine, aRolledBackExecution(), layout);

    const entered = new Set(visitsOf(aRolledBackExecution()).map(({ state }) => state));
    const never = Object.keys(machine.States).length - entered.size;
    expect(lines.at(-1)).toBe(`${never} other states were never entered (--all lists them)`);
    expect(lines.filter((line) => /not taken|CommitDeployment/.test(line))).toEqual([]);
    const small = Object.fromEntries(Object.entries(machine.States).filter(([name]) => entered.has(name)));
    expect(
      graphLines({ States: { ...small, Deployed: { Type: 'Succeed' } } }, aRolledBackExecution(), layout).at(
        -1,
      ),
    ).toBe('1 other state was never entered (--all lists them)');
  });

  test('The execution graph lists on request the states that were never entered, and no other', () => {
    const all = { ...layout, width: 10_000, all: true };
    const text = graphLines(machine, aRolledBackExecution(), all).at(-1) ?? '';
    const listed = text.replace('never entered: ', '').split(', ');
    const visited = visitsOf(aRolledBackExecution()).map((visit) => visit.state);

    expect(new Set([...listed, ...visited])).toEqual(new Set(Object.keys(machine.States)));
    expect(listed.filter((name) => visited.includes(name))).toEqual([]);
  });

  test('The execution graph shows how often a state was retried, and why', () => {
    const { events } = anExecution()
      .enter('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .retry('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .caught('AcquireLock', 'Task', 'RecordLockUnavailable')
      .visit('RecordLockUnavailable', 'Task');

    const [first, second] = graphLines(machine, events, layout);

    expect(first).toMatch(/^✖ AcquireLock +1\.0 s {2}↻ retried once: LockHeld: held by another$/);
    expect(second).toMatch(/^│ +LockHeld: held by another → RecordLockUnavailable$/);
  });

  test('The execution graph shows where an execution is that has not ended', () => {
    const { events } = anExecution().visit('AcquireLock', 'Task').enter('PushBundle', 'Task');

    expect(graphLines(machine, events, layout)[2]).toMatch(/^○ PushBundle +…$/);
  });

  test('The execution graph prints a summary below its state if there is no room beside it', () => {
    const lines = graphLines(machine, aRolledBackExecution(), { ...layout, width: 40, all: true });

    expect(lines.slice(0, 7)).toEqual([
      '● AcquireLock                   10 ms',
      '│   fence 3',
      '│',
      '● PushBundle                   340 ms',
      '│   applied: installed and reloaded',
      '│',
      '◇ PushOutcome?',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test('The execution graph wraps a summary below its column, so that no line is wider than the terminal', () => {
    const summary = 'word '.repeat(60).trim();
    const { events } = anExecution().visit('PushBundle', 'Task', {
      output: { push: { outcome: 'applied', summary } },
    });

    const lines = graphLines(machine, events, { ...layout, width: 80 });

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join(' ').match(/word/g)).toHaveLength(60);
  });

  test('The execution graph draws what it can of a state that the definition no longer has', () => {
    const { events } = anExecution().visit('OldState', 'Task').visit('Deployed', 'Succeed');

    expect(graphLines(machine, events, layout)[0]).toMatch(/^● OldState/);
  });
});
