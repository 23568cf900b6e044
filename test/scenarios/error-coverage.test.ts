import { describe, expect, test } from 'vitest';
import { errorNames } from '../../core/errors.ts';
import { retrierFor, taskStates } from './error-coverage.ts';
import { ownErrors, temporaryErrors } from './possible-errors.ts';

const onlyOfProbes = {
  ProbeFailed: 'only a probe fails with it',
  ProbeUnavailable: 'only a probe fails with it',
};

/** Errors that can pass and are not retried, with the reason. */
const deliberate: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AcquireLock: { LockWaitOver: 'the request has a maximum wait, and it is over' },
  PushBundle: {
    'States.Timeout': 'ReconcileCommand asks SSM and the host, because the job may have run',
    CredentialUnavailable: 'as SourceUnavailable',
    RetiredHostKey:
      'only undo and inspect jobs for stores fail with it; after an enrolment, this state is entered again',
    SourceUnavailable: 'a retry would hold the lock for hours; the rollout resolves the source with retries',
    CommandUndeliverable: 'the host is offline, and the deployment ends at once',
    HostLost: 'only an undo job fails with it; a lost push completes the state with the outcome lost',
    UnknownHostKey: 'PushBundle handles it: the host is enrolled first',
    ProbeFailed: 'the probe before the deployment returns its problem in the baseline',
    ProbeUnavailable: 'without a probe before the deployment there is no baseline',
  },
  ReconcileCommand: {
    CommandUndeliverable: 'the outcome is unknown: lost',
    HostLost: 'only an undo job fails with it',
    UnknownHostKey: 'the function handles it: the host is enrolled first',
    ...onlyOfProbes,
  },
  ProbeFromHost: {
    HostLost: 'only an undo job fails with it',
    RetiredHostKey: 'only undo and inspect jobs for stores fail with it',
    ProbeFailed: 'the host returns its problem as an observation',
  },
  RunOnDeployed: {
    'States.Timeout':
      'the commands may have run, and they must not run twice; the deployment is committed with a warning',
    CommandUndeliverable: 'the host is offline; the deployment is committed with a warning',
    HostLost: 'only an undo job fails with it',
    RetiredHostKey: 'only undo and inspect jobs for stores fail with it',
    ...onlyOfProbes,
  },
  RollBack: {
    CommandUndeliverable: 'SSM does not accept the undo job; the message for operators follows',
    SendPaced: 'an undo job never waits for the pace',
    UnknownHostKey: 'the function handles it: the host is enrolled first',
    ...onlyOfProbes,
  },
  NextWave: {
    CommandUndeliverable: 'a host that cannot be warmed is reported, and its wave starts',
    SendPaced: 'the function waits for the pace itself',
  },
  AwaitApproval: { 'States.Timeout': 'no operator has approved in time, so the rollout halts' },
};

const machines = ['deploy-target', 'rollout'] as const;

describe.each(machines)('%s.asl.json', (machine) => {
  const states = taskStates(machine);

  test.each(states)('Every error that %s names can happen there', (_, state) => {
    const possible = new Set<string>([...temporaryErrors(state), ...ownErrors(machine, state)]);
    const named = [...(state.Retry ?? []), ...(state.Catch ?? [])]
      .flatMap(({ ErrorEquals }) => ErrorEquals)
      .filter((error) => error !== 'States.ALL' && error !== 'States.TaskFailed');

    expect(named.filter((error) => !possible.has(error))).toEqual([]);
  });

  test.each(states)(
    'Every temporary error of %s is retried, or caught for a stated reason',
    (name, state) => {
      const own = ownErrors(machine, state).filter((error) => errorNames[error] !== 'never');
      const notRetried = [...temporaryErrors(state), ...own].filter(
        (error) => retrierFor(state, error) === undefined,
      );

      expect(notRetried.sort()).toEqual(Object.keys(deliberate[name] ?? {}).sort());
    },
  );

  test('Every state with a reason exists, and no reason is left over', () => {
    const all = machines.flatMap((one) => taskStates(one).map(([name]) => name));

    expect(Object.keys(deliberate).filter((name) => !all.includes(name))).toEqual([]);
  });
});
