// One walk for each entry of each Retry and Catch of both machines. The functions only return values (stand-ins.ts).
// The scenarios with the real functions, beside this file, and the functions' own tests show what the functions do.
import { describe, expect, test } from 'vitest';
import { branchesOf, type MachineName, statesOf, takenBy } from './branches.ts';
import { expectTaken } from './expect-taken.ts';
import {
  judged,
  late,
  lockedFor,
  probed,
  pushed,
  type Reply,
  rolling,
  type Script,
  usual,
  walk,
  wave,
} from './stand-ins.ts';
import { readTaken } from './taken.ts';

/** An error that no Retry or Catch names. */
const unnamedError = 'Injected';

/** The values that functions return so that the walk reaches a state with a function. */
const scriptsTo: Readonly<Record<MachineName, Readonly<Record<string, Script>>>> = {
  'deploy-target': {
    AcquireLock: {},
    PushBundle: {},
    ReconcileCommand: { 'push-bundle': [unnamedError] },
    ProbeEndpoint: {},
    ProbeFromHost: { 'acquire-lock': [lockedFor('host')] },
    RunOnDeployed: { 'acquire-lock': [lockedFor('lambda', 'alert', { onDeployed: [['true']] })] },
    RollBack: { 'probe-endpoint': [probed('exhausted')] },
    ProbeRestored: { 'probe-endpoint': [probed('exhausted')] },
    CommitDeployment: {},
    RecordUnprobed: { 'probe-endpoint': [unnamedError] },
    RecordValidated: { 'push-bundle': [pushed('validated')] },
    RecordSuperseded: { 'acquire-lock': ['Superseded'] },
    RecordSkipped: { 'acquire-lock': ['RolloutHalted'] },
    RecordGone: { 'push-bundle': ['HostTerminated'] },
    RecordLockUnavailable: { 'acquire-lock': ['LockHeld', 'LockWaitOver'] },
    RecordFailed: { 'push-bundle': [pushed('rejected')] },
    RecordLost: { 'push-bundle': [unnamedError], 'reconcile-command': [pushed('lost')] },
    RecordRolledBack: { 'probe-endpoint': [probed('exhausted')] },
    RecordRolledBackUnverified: {
      'probe-endpoint': [probed('exhausted')],
      'probe-restored': [probed('exhausted')],
    },
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
    RecordRefused: { 'resolve-certificate': [unnamedError] },
    RecordRolloutRolledBack: rollingBack('rolled_back'),
    RecordRollbackIncomplete: rollingBack('rollback_incomplete'),
  },
};

function rollingBack(verdict: string): Script {
  return {
    'judge-wave': [judged('halt')],
    'halt-rollout': [rolling({ halt: { verdict: 'rollback' } })],
    'next-wave': [wave('deploy'), wave(verdict)],
  };
}

/** The key of a state's function in a script: see `keyOf` of the stand-ins. */
function functionOf(machine: MachineName, state: string): string {
  const { Parameters } = statesOf[machine][state] as { Parameters?: Loose };
  const name = /\{(\w+)Arn\}/.exec(Parameters?.FunctionName ?? '')?.[1] ?? '';
  const kebab = name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const { path } = Parameters?.Payload ?? {};
  return path === undefined ? kebab : `${kebab}:${path}`;
}

interface Loose {
  readonly FunctionName?: string;
  readonly Payload?: { readonly path?: string };
}

interface PlannedWalk {
  readonly machine: MachineName;
  readonly scenario: string;
  readonly key: string;
  readonly script: Script;
  readonly hasItems: boolean;
  /** The state that times out. */
  readonly lateState?: string | undefined;
}

/** One walk for each entry of a state's Retry (one error) and of its Catch (an error at each call). */
function plannedWalks(machine: MachineName): PlannedWalk[] {
  return Object.entries(scriptsTo[machine]).flatMap(([state, script]) => {
    const { Retry = [], Catch = [] } = statesOf[machine][state] ?? {};
    const its = functionOf(machine, state);
    const plan = (key: string, scenario: string, replies: readonly Reply[]): PlannedWalk => ({
      machine,
      scenario,
      key,
      script: replies.length === 0 ? script : { ...script, [its]: replies },
      hasItems: its !== '',
      lateState: replies[0] === late ? state : undefined,
    });
    const retries = Retry.map(({ ErrorEquals: [error = ''] }, at) => {
      const afterwards = script[its] ?? usual[its]?.slice(-1) ?? [recorded];
      const replies: Reply[] = [errorFor(error), ...afterwards];
      const scenario = replies[0] === late ? `${state} answers late once` : `${state} meets ${error} once`;
      return plan(`${state} / retry ${at + 1}`, scenario, replies);
    });
    const catches = Catch.map(({ ErrorEquals: [error = ''] }, at) => {
      const replies: Reply[] = its === '' ? [] : [errorFor(error)];
      return plan(`${state} / catch ${at + 1}`, `${state} meets ${error} permanently`, replies);
    });
    return [...retries, ...catches];
  });
}

const recorded = { outcome: 'ended', summary: 'recorded' };

/** An entry for all errors (`States.ALL` and others) gets an error that no entry names. */
function errorFor(error: string): Reply {
  if (error === 'States.Timeout') return late;
  return error.startsWith('States.') ? unnamedError : error;
}

/** Walks through the states without a function, and through those that only a Choice leads to. */
const others: readonly PlannedWalk[] = [
  other('deploy-target', 'a probe is repeated', {
    'probe-endpoint': [probed('retry'), probed('verified')],
  }),
  other('deploy-target', 'a probe from the host is repeated', {
    'acquire-lock': [lockedFor('host')],
    'probe-from-host': [probed('retry'), probed('verified')],
  }),
  lateOnce('deploy-target', 'AcquireLock', 'acquire-lock', [lockedFor('lambda')]),
  lateOnce('deploy-target', 'CommitDeployment', 'record-outcome:committed', [recorded]),
  lateOnce('deploy-target', 'RollBack', 'roll-back', [pushed('restored')], {
    'probe-endpoint': [probed('exhausted')],
  }),
  lateOnce('rollout', 'NextWave', 'next-wave', [wave('deploy'), wave('finished')]),
  {
    ...other('deploy-target', 'every probe answers late', { 'probe-endpoint': [late] }),
    lateState: 'ProbeEndpoint',
  },
  other('deploy-target', 'the target accepts that its probe cannot be made', {
    'acquire-lock': [lockedFor('lambda', 'accept')],
    'probe-endpoint': [unnamedError],
  }),
  other('deploy-target', 'the host has reversed the deployment', {
    'push-bundle': [pushed('lost')],
    'reconcile-command': [pushed('restored')],
  }),
  other('deploy-target', 'the restored version is probed again', {
    'probe-endpoint': [probed('exhausted')],
    'probe-restored': [probed('retry'), probed('verified')],
  }),
  other('deploy-target', 'the host does not get the restored version from its endpoint', {
    'acquire-lock': [lockedFor('host')],
    'probe-from-host': [probed('exhausted')],
    'roll-back': [{ ...pushed('restored'), served: false }],
  }),
  other('deploy-target', 'the host has to be enrolled first', {
    'push-bundle': [pushed('enrolled'), pushed('applied')],
  }),
  other('rollout', 'a maintenance window is closed', {
    'next-wave': [wave('wait'), wave('deploy'), wave('finished')],
  }),
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

/** The state times out once; its retry gets the replies. */
function lateOnce(
  machine: MachineName,
  state: string,
  its: string,
  replies: readonly Reply[],
  script: Script = {},
): PlannedWalk {
  const walk = other(machine, `${state} answers late once`, { ...script, [its]: [late, ...replies] });
  return { ...walk, lateState: state };
}

function other(machine: MachineName, scenario: string, script: Script): PlannedWalk {
  return { machine, scenario, key: '', script, hasItems: true };
}

const all = [...plannedWalks('deploy-target'), ...plannedWalks('rollout'), ...others];

describe('the graph, when', () => {
  test.each(all.map((one) => [`${one.machine}: ${one.scenario}`, one] as const))('%s', async (_, one) => {
    const { events, children, status } = await walk(one.machine, one.script, one);

    const taken = takenBy(one.machine, [...events, ...children]);
    expect(status).toMatch(/^(SUCCEEDED|FAILED)$/);
    expect(events.at(-1)?.Error ?? '').not.toBe('States.Runtime');
    if (one.key !== '') expect(taken).toContain(one.key);
    expectTaken(one.machine, standIn(one.scenario), [...events, ...children]);
  });
});

/** The suffix by which the coverage table recognises these walks. */
const standIn = (scenario: string) => `${scenario} (stand-ins)`;

describe.each(['deploy-target', 'rollout'] as const)('%s.asl.json', (machine) => {
  test('Some scenario takes each state and each entry of a Retry or Catch', () => {
    const taken = new Set(Object.values(readTaken()[machine]).flat());

    expect(branchesOf(machine).filter(({ key }) => !taken.has(key))).toEqual([]);
  });
});
