// Every entry of every Retry and Catch of both machines, one walk each. The functions only answer (stand-ins.ts): what
// they do is shown by the scenarios with the real ones, beside this file, and by their own tests.
import { describe, expect, test } from 'vitest';
import { branchesOf, type MachineName, statesOf, takenBy } from './branches.ts';
import { expectTaken } from './expect-taken.ts';
import {
  judged,
  lockedFor,
  probed,
  pushed,
  rolling,
  type Says,
  type Script,
  usual,
  walk,
  wave,
} from './stand-ins.ts';
import { readTaken } from './taken.ts';

/** An error that nobody names. */
const strange = 'Injected';

/** What functions have to say so that a state with a function is reached. */
const ways: Readonly<Record<MachineName, Readonly<Record<string, Script>>>> = {
  'deploy-target': {
    AcquireLock: {},
    PushBundle: {},
    ReconcileCommand: { 'push-bundle': [strange] },
    ProbeEndpoint: {},
    ProbeFromHost: { 'acquire-lock': [lockedFor('host')] },
    RollBack: { 'probe-endpoint': [probed('exhausted')] },
    ProbeRestored: { 'probe-endpoint': [probed('exhausted')] },
    CommitDeployment: {},
    RecordValidated: { 'push-bundle': [pushed('validated')] },
    RecordSuperseded: { 'acquire-lock': ['Superseded'] },
    RecordSkipped: { 'acquire-lock': ['RolloutHalted'] },
    RecordLockUnavailable: { 'acquire-lock': ['LockHeld'] },
    RecordFailed: { 'push-bundle': [pushed('rejected')] },
    RecordLost: { 'push-bundle': [strange], 'reconcile-command': [pushed('lost')] },
    RecordRolledBack: { 'probe-endpoint': [probed('exhausted')] },
    RecordRollbackFailed: { 'push-bundle': [pushed('rollback_failed')] },
  },
  rollout: {
    ResolveCertificate: {},
    NextWave: {},
    DeployWave: {},
    JudgeWave: {},
    ProbeServices: { 'judge-wave': [judged('probe_services')] },
    AwaitApproval: { 'judge-wave': [judged('ask_approval')] },
    HaltRollout: { 'judge-wave': [judged('halt')] },
    RolloutHalted: { 'judge-wave': [judged('halt')] },
    RecordFinished: {},
    RecordAlreadyRolledOut: { 'resolve-certificate': ['RolloutExists'] },
    RecordRolloutSuperseded: { 'resolve-certificate': ['Superseded'] },
    RecordRefused: { 'resolve-certificate': [strange] },
    RecordRolloutRolledBack: wayBack('rolled_back'),
    RecordRollbackIncomplete: wayBack('rollback_incomplete'),
  },
};

function wayBack(verdict: string): Script {
  return {
    'judge-wave': [judged('halt')],
    'halt-rollout': [rolling({ halt: { verdict: 'rollback' } })],
    'next-wave': [wave('deploy'), wave(verdict)],
  };
}

/** The function of a state as the script knows it: those that record by the state's path. */
function functionOf(machine: MachineName, state: string): string {
  const { Parameters } = statesOf[machine][state] as { Parameters?: Loose };
  const name = /\{(\w+)Arn\}/.exec(Parameters?.FunctionName ?? '')?.[1] ?? '';
  const kebab = name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const path = Parameters?.Payload?.path;
  return path === undefined ? kebab : `${kebab}:${path}`;
}

interface Loose {
  readonly FunctionName?: string;
  readonly Payload?: { readonly path?: string };
}

interface Planned {
  readonly machine: MachineName;
  readonly scenario: string;
  readonly key: string;
  readonly script: Script;
  readonly hasItems: boolean;
}

/** One walk for each entry of a state's Retry (the error comes once) and of its Catch (it comes permanently). */
function planned(machine: MachineName): Planned[] {
  return Object.entries(ways[machine]).flatMap(([state, way]) => {
    const { Retry = [], Catch = [] } = statesOf[machine][state] ?? {};
    const its = functionOf(machine, state);
    const plan = (key: string, scenario: string, says: readonly Says[]): Planned => ({
      machine,
      scenario,
      key,
      script: says.length === 0 ? way : { ...way, [its]: says },
      hasItems: its !== '',
    });
    const retries = Retry.map(({ ErrorEquals: [error = ''] }, at) => {
      const afterwards = way[its] ?? usual[its]?.slice(-1) ?? [recorded];
      const says = [unnamed(error), ...afterwards];
      return plan(`${state} / retry ${at + 1}`, `${state} meets ${error} once`, says);
    });
    const catches = Catch.map(({ ErrorEquals: [error = ''] }, at) => {
      const says = its === '' ? [] : [unnamed(error)];
      return plan(`${state} / catch ${at + 1}`, `${state} meets ${error} permanently`, says);
    });
    return [...retries, ...catches];
  });
}

const recorded = { outcome: 'ended', summary: 'recorded' };

/** What stands for any error is met by one that has no other name. */
const unnamed = (error: string) => (error.startsWith('States.') ? strange : error);

/** Ways through the states that have no function, and to what only a Choice leads to. */
const others: readonly Planned[] = [
  other('deploy-target', 'a probe is repeated', {
    'probe-endpoint': [probed('retry'), probed('verified')],
  }),
  other('deploy-target', 'a probe from the host is repeated', {
    'acquire-lock': [lockedFor('host')],
    'probe-from-host': [probed('retry'), probed('verified')],
  }),
  other('deploy-target', 'the restored version is probed again', {
    'probe-endpoint': [probed('exhausted')],
    'probe-restored': [probed('retry'), probed('verified')],
  }),
  other('deploy-target', 'the host has to be enrolled first', {
    'push-bundle': [pushed('enrolled'), pushed('applied')],
  }),
  other('rollout', 'a window is closed', { 'next-wave': [wave('wait'), wave('deploy'), wave('finished')] }),
  other('rollout', 'there is a pause', {
    'judge-wave': [judged('pause')],
    'next-wave': [wave('deploy'), wave('pause'), wave('finished')],
  }),
  other('rollout', 'no target is left, and the services are probed', {
    'next-wave': [wave('probe_services'), wave('finished')],
  }),
  other('rollout', 'a service is probed again', {
    'judge-wave': [judged('probe_services')],
    'probe-services': [judged('back_off'), judged('next')],
  }),
  other('rollout', 'an unknown verdict halts the rollout', { 'next-wave': [wave('surprise')] }),
];

function other(machine: MachineName, scenario: string, script: Script): Planned {
  return { machine, scenario, key: '', script, hasItems: true };
}

const all = [...planned('deploy-target'), ...planned('rollout'), ...others];

describe('the graph, when', () => {
  test.each(all.map((one) => [`${one.machine}: ${one.scenario}`, one] as const))('%s', async (_, one) => {
    const { events, children, status } = await walk(one.machine, one.script, { hasItems: one.hasItems });

    const taken = takenBy(one.machine, [...events, ...children]);
    expect(status).toMatch(/^(SUCCEEDED|FAILED)$/);
    expect(events.at(-1)?.Error ?? '').not.toBe('States.Runtime');
    if (one.key !== '') expect(taken).toContain(one.key);
    expectTaken(one.machine, standIn(one.scenario), [...events, ...children]);
  });
});

/** How the coverage table tells these walks from those with the real functions. */
const standIn = (scenario: string) => `${scenario} (stand-ins)`;

describe.each(['deploy-target', 'rollout'] as const)('%s.asl.json', (machine) => {
  test('has no state, and no entry of a Retry or a Catch, that no scenario goes through', () => {
    const taken = new Set(Object.values(readTaken()[machine]).flat());

    expect(branchesOf(machine).filter(({ key }) => !taken.has(key))).toEqual([]);
  });
});
