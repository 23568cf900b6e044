import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { storeDeadlines } from '../../agent-scripts/stores/store-run.ts';
import { pascalCase, tasks } from '../../cdk/functions/tasks.ts';
import { timeBudgets as budgets } from '../../core/time-budgets.ts';
import { renderDocument } from '../../scripts/render-document.ts';
import { machine, type State } from '../scenarios/graph.ts';

const [changing, restoring] = [storeDeadlines.change, storeDeadlines.restore].map(
  (time) => (time + storeDeadlines.settle) / 1000,
) as [number, number];

/** Each whole, and parts that follow one another in it, in seconds. */
const nested: readonly (readonly [string, number, readonly number[]])[] = [
  [
    'the start of a script contains the slowest fetch and a wait for the lock',
    budgets.start,
    [budgets.fetch, 20],
  ],
  ['the document contains start and work of a job', budgets.document, [budgets.start, budgets.work]],
  ['the document contains the slowest warm fetch and its checks', budgets.document, [budgets.warm, 30]],
  ['the command contains queue and document', budgets.command, [budgets.queue, budgets.document]],
  [
    'the life of a job contains queue, start and a wrong clock',
    budgets.job,
    [budgets.queue, budgets.start, budgets.clock],
  ],
  ['the command outlives every job that a host may still accept', budgets.command, [budgets.job]],
  [
    'the state contains sending, the command and the report of its end',
    budgets.awaitedCommand,
    [budgets.quickFunction, budgets.command, budgets.quickFunction],
  ],
  [
    'the state contains the start of a function that runs the agent, and its run',
    budgets.awaitedCommand,
    [budgets.quickFunction, budgets.queue, budgets.agentFunction],
  ],
  [
    'the work of a job contains a recovery, a change and its reversal in a store',
    budgets.work,
    [restoring, changing, restoring],
  ],
  ['a function that warms hosts contains their commands', budgets.planState, [budgets.warmHosts]],
  ['its wait contains a command', budgets.warmHosts, [budgets.command]],
  ['a deployment contains both probe loops', budgets.deployment, [budgets.verification]],
];

describe('the time budgets', () => {
  test.each(nested)('The parts fit: %s', (_, whole, parts) => {
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeLessThanOrEqual(whole);
  });

  test('A job that SSM delivered last and that fetched longest has not expired, by a clock within the accepted difference', () => {
    expect(budgets.queue + budgets.fetch + budgets.clock).toBeLessThan(budgets.job);
  });

  test('A host refuses a job before the state that waits for it gives up', () => {
    expect(budgets.job + budgets.clock).toBeLessThan(budgets.awaitedCommand);
  });
});

describe('the artefacts hold the numbers of the table', () => {
  const script = JSON.parse(renderDocument()).mainSteps[0].inputs;

  test('The SSM document has the time limit of the table', () => {
    expect(script.timeoutSeconds).toBe(String(budgets.document));
  });

  test('The bootstrap script has the time limits of the table, and no other for a fetch', () => {
    expect(script.runCommand).toContain(`FETCH_SECONDS=${budgets.fetch}`);
    expect(script.runCommand).toContain(`WARM_SECONDS=${budgets.warm}`);
    // requests to the metadata service have short limits of their own
    const limits = script.runCommand.filter((line: string) => /--max-time/.test(line));
    expect(limits.every((line: string) => line.includes('--max-time 10'))).toBe(true);
  });

  const waitsForToken = ({ Resource = '' }: State) => Resource.endsWith('.waitForTaskToken');
  const tasksOf = (states: Readonly<Record<string, State>>) =>
    Object.entries(states).filter(([, { Type }]) => Type === 'Task');
  const functionOf = ({ Parameters }: State) =>
    Parameters?.FunctionName?.match(/^\$\{(\w+)Arn\}$/)?.[1] ?? '';
  const byName = new Map(Object.entries(tasks).map(([name, task]) => [pascalCase(name), task]));
  const rollout = JSON.parse(readFileSync('cdk/state-machines/rollout.asl.json', 'utf8'));
  const all = [...tasksOf(machine.States), ...tasksOf(rollout.States)];

  test('Every state that waits for a command has the limit of the table', () => {
    const waiting = tasksOf(machine.States).filter(([, state]) => waitsForToken(state));

    expect(waiting.map(([name]) => name)).toEqual(
      expect.arrayContaining(['PushBundle', 'ReconcileCommand', 'ProbeFromHost', 'RollBack']),
    );
    for (const [name, { TimeoutSeconds }] of waiting)
      expect([name, TimeoutSeconds]).toEqual([name, budgets.awaitedCommand]);
  });

  test('Every state that calls a function has a limit of the table, below that of its function', () => {
    const { quickState, probeState, servicesState, judgeState, planState } = budgets;
    const limits: readonly number[] = [quickState, probeState, servicesState, judgeState, planState];
    for (const [name, state] of all.filter(([, one]) => !waitsForToken(one))) {
      const { TimeoutSeconds = 0 } = state;
      expect([name, limits.includes(TimeoutSeconds)]).toEqual([name, true]);
      expect(TimeoutSeconds).toBeLessThan(byName.get(functionOf(state))?.timeoutSeconds ?? 0);
    }
  });

  test('The state machine of deployments has the limit of the table', () => {
    expect(machine.TimeoutSeconds).toBe(budgets.deployment);
  });
});

test('The table of the documentation has every number of the budgets', () => {
  const page = readFileSync('docs/time-budgets.md', 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(([, name, seconds = '']) => [
    name,
    Number(seconds.replaceAll(',', '')),
  ]);

  expect(Object.fromEntries(rows)).toEqual(budgets);
});
