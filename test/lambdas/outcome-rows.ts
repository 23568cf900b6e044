// Every situation in which a deployment ends, with its outcome. docs/outcomes.md shows these rows.
import type { DeploymentState, ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import {
  FinalState,
  type OutcomeReport,
  outcomeOf,
  type RecordingPath,
} from '../../lambdas/recording/deployment-outcome.ts';
import { type BrokenOff, brokenOffOutcome } from '../../lambdas/recording/interrupted.ts';
import { LockItem } from '../../services/locks/lock-item.ts';
import { facts } from '../fixtures/factories.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';

export interface OutcomeRow {
  readonly situation: string;
  readonly onDisk: string;
  readonly served: string;
  readonly outcome: DeploymentOutcome;
  readonly reason: string | null;
  readonly end: () => Promise<OutcomeReport> | OutcomeReport;
}

interface Ending extends Partial<DeploymentState> {
  readonly probeFrom?: string;
  readonly mayHaveSent?: boolean;
}

const notYet = probeResult({ verdict: 'retry', attempt: 0, summary: 'not probed yet' });

/** The end of a deployment through a recording state. */
const recorded =
  (path: RecordingPath, known: Ending = {}) =>
  () => {
    const state = FinalState.parse({ probe: notYet, restored: notYet, ...known });
    const deployment = { probeFrom: known.probeFrom ?? 'lambda' } as FinalState['deployment'];
    return outcomeOf(path, { ...state, deployment }, { mayHaveSent: known.mayHaveSent ?? true });
  };

/** The end of a deployment whose execution broke off. */
const brokenOff =
  (lock: object, history: readonly object[] = []) =>
  () =>
    brokenOffOutcome({ list: async () => history as never }, execution, LockItem.parse(lock));

const execution: BrokenOff = {
  targetId: 'web-1',
  executionArn: 'arn:own',
  startedAt: Date.parse('2026-11-22T12:00:00Z'),
  status: 'ABORTED',
};

const failure = (name: string, message: string) => ({
  Error: name,
  Cause: JSON.stringify({ errorType: name, errorMessage: message }),
});
const timedOut = { Error: 'States.Timeout', Cause: '' };

const [next, previous] = [facts('new'), facts('old')];
const host = (known: Pick<PushResult, 'outcome' | 'summary'> & Partial<PushResult>) =>
  pushResult({ version: next, previousVersion: previous, ...known });

const applied = host({ outcome: 'applied', summary: '1 file installed, daemon reloaded' });
const undone = host({
  outcome: 'restored',
  summary: 'previous files restored, daemon reloaded',
  version: previous,
});

const repair = {
  files: [{ path: '/etc/x.pem', backup: '/var/b/x.pem' }],
  commands: ['cp -p -- /var/b/x.pem /etc/x.pem', 'nginx -s reload'],
};

const endpoint = '10.0.0.7:443';
const saw = (fingerprint: string | null, problem: string | null): Partial<ProbeResult> => ({
  observations: [{ address: endpoint, fingerprint, ok: problem === null, problem }],
  summary: problem === null ? `${endpoint} serves the leaf` : `${endpoint}: ${problem}`,
});
const good = probeResult({ verdict: 'verified', ...saw(next.fingerprint, null) });
const oldLeaf = probeResult(saw(previous.fingerprint, 'serves the previous leaf, not the new one'));
const silent = probeResult(saw(null, 'connection refused'));
const wrongName = probeResult(saw(next.fingerprint, 'does not cover www.example.com'));
const late = probeResult({ summary: 'the probe returned no result in time' });
const oldAgain = probeResult({ verdict: 'verified', ...saw(previous.fingerprint, null) });
const stillNew = probeResult(saw(next.fingerprint, 'serves the new leaf, not the previous one'));

const held = { owner: 'arn:own', fence: 3, acquiredAt: '2026-11-22T12:00:01Z' };

export const outcomeRows: readonly OutcomeRow[] = [
  row('The files are installed and the endpoint serves the new leaf', 'new', 'new', 'deployed', null, {
    end: recorded('committed', { push: applied, probe: good }),
  }),
  row('The same, and the target has `verify: none`', 'new', 'not probed', 'deployed_unverified', null, {
    end: recorded('committed', { push: applied, probeFrom: 'none' }),
  }),
  row('All files already match', 'requested', 'requested', 'unchanged', null, {
    end: recorded('committed', {
      push: host({ outcome: 'unchanged', summary: 'all files match' }),
      probe: good,
    }),
  }),
  row('A dry run succeeds', 'as before', 'as before', 'validated', null, {
    end: recorded('validated', {
      push: host({ outcome: 'validated', summary: 'the daemon accepts the files' }),
    }),
  }),
  row('A dry run of a target without a check', 'as before', 'as before', 'validate_unsupported', null, {
    end: recorded('validated', {
      push: host({ outcome: 'validate_unsupported', summary: 'the daemon has no check of its own' }),
    }),
  }),
  row('A later request for the target exists', 'later version', 'later version', 'superseded', 'Superseded', {
    end: recorded('superseded', { failure: failure('Superseded', 'request 8 is later than 7') }),
  }),
  row('The rollout was halted before', 'as before', 'as before', 'skipped', 'RolloutHalted', {
    end: recorded('skipped', { failure: failure('RolloutHalted', 'rollout r-1 is halted') }),
  }),
  row(
    'Another deployment holds the lock for all attempts',
    'its result',
    'its result',
    'lock_unavailable',
    'LockHeld',
    {
      end: recorded('lock_unavailable', { failure: failure('LockHeld', 'arn:x holds the lock') }),
    },
  ),
  row('The request is not valid', 'as before', 'as before', 'rejected', 'InvalidRequest', {
    end: recorded('failed', { failure: failure('InvalidRequest', 'unknown request number') }),
  }),
  row('The source cannot be read', 'as before', 'as before', 'rejected', 'SourceUnavailable', {
    end: recorded('failed', { failure: failure('SourceUnavailable', 'access denied'), mayHaveSent: false }),
  }),
  row(
    'The host is offline before the job is sent',
    'as before',
    'as before',
    'rejected',
    'CommandUndeliverable',
    {
      end: recorded('failed', {
        failure: failure('CommandUndeliverable', 'SSM cannot run the agent: ConnectionLost'),
        mayHaveSent: false,
      }),
    },
  ),
  row(
    'The same, after an earlier attempt without a response',
    'unknown',
    'unknown',
    'lost',
    'CommandUndeliverable',
    {
      end: recorded('failed', {
        failure: failure('CommandUndeliverable', 'SSM cannot run the agent: ConnectionLost'),
      }),
    },
  ),
  row('The host refuses the job', 'as before', 'as before', 'rejected', 'StaleFence', {
    end: recorded('failed', {
      push: host({ outcome: 'rejected', summary: 'the fence 3 is lower than 4', reason: 'StaleFence' }),
    }),
  }),
  row(
    'The execution is aborted while it waits for the lock',
    'as before',
    'as before',
    'rejected',
    'Interrupted',
    {
      end: brokenOff({ owner: 'arn:other', fence: 3, acquiredAt: '2026-11-22T11:00:00Z' }),
    },
  ),
  row(
    'The same, and the other deployment has ended by then',
    'its result',
    'its result',
    'rejected',
    'Interrupted',
    {
      end: brokenOff({ fence: 3 }, [
        { fence: 3, executionArn: 'arn:other', endedAt: '2026-11-22T12:01:00Z' },
        { fence: 2, executionArn: 'arn:first', endedAt: '2026-11-22T09:00:00Z' },
      ]),
    },
  ),
  row(
    'The execution is aborted with the lock, before it sends a job',
    'as before',
    'as before',
    'rejected',
    'Interrupted',
    {
      end: brokenOff(held),
    },
  ),
  row('The execution is aborted after it has sent a job', 'unknown', 'unknown', 'lost', 'ABORTED', {
    end: brokenOff({ ...held, pending: { key: 'push:1' } }),
  }),
  row(
    'The execution is aborted, and another one has taken over its lock',
    'unknown',
    'unknown',
    'lost',
    'ABORTED',
    {
      end: brokenOff({
        owner: 'arn:other',
        fence: 4,
        acquiredAt: '2026-11-22T12:05:00Z',
        takenFrom: 'arn:own',
      }),
    },
  ),
  row(
    'The push fails before it sends a job, and the host has no record',
    'as before',
    'as before',
    'rejected',
    'Lambda.Unknown',
    {
      end: recorded('failed', {
        push: host({
          outcome: 'rejected',
          summary: 'the host has no record of this deployment, so it did not change any file',
          reason: 'NotPerformed',
          version: previous,
        }),
        failure: failure('Lambda.Unknown', 'exited'),
      }),
    },
  ),
  row(
    'The command ends without a result, and the host has no record',
    'as before',
    'as before',
    'rejected',
    'NotPerformed',
    {
      end: recorded('failed', {
        push: host({
          outcome: 'rejected',
          summary: 'the host has no record of this deployment, so it did not change any file',
          reason: 'NotPerformed',
          version: previous,
        }),
      }),
    },
  ),
  row(
    'The agent is killed before it changes a live file',
    'as before',
    'as before',
    'rejected',
    'Interrupted',
    {
      end: recorded('failed', {
        push: host({
          outcome: 'rejected',
          summary:
            'the agent was interrupted before it changed a live file, and the host has removed the staged files',
          reason: 'Interrupted',
          version: previous,
        }),
      }),
    },
  ),
  row(
    'The agent is killed later, e.g. during the reload, and the host has reversed the change',
    'previous',
    'previous',
    'rolled_back',
    'Interrupted',
    {
      end: recorded('rolled_back', {
        push: host({
          outcome: 'restored',
          summary:
            'the agent was interrupted, and the host has restored the previous files and reloaded the daemon',
          reason: 'Interrupted',
          version: previous,
        }),
        rollback: host({
          outcome: 'restored',
          summary: 'nothing to roll back: this deployment has no installed files',
          version: previous,
        }),
        restored: oldAgain,
        failure: timedOut,
      }),
    },
  ),
  row(
    'The command ends without a result, and the host does not answer',
    'unknown',
    'unknown',
    'lost',
    'HostLost',
    {
      end: recorded('lost', {
        push: host({
          outcome: 'lost',
          summary: 'the command ended with status DeliveryTimedOut and without a result of the agent',
          reason: 'HostLost',
          version: null,
        }),
      }),
    },
  ),
  row('No event and no answer arrive in time', 'unknown', 'unknown', 'lost', 'States.Timeout', {
    end: recorded('lost', { failure: timedOut }),
  }),
  row(
    'The daemon refuses the staged files',
    'as before',
    'as before',
    'validate_failed',
    'ValidationFailed',
    {
      end: recorded('failed', {
        push: host({
          outcome: 'validate_failed',
          summary: 'staged files refused, live files unchanged: nginx -t: exit 1',
        }),
      }),
    },
  ),
  row('The reload fails', 'previous', 'previous', 'reload_failed', 'ReloadFailed', {
    end: recorded('failed', {
      push: host({
        outcome: 'reload_failed',
        summary: 'reload failed, previous files restored, daemon reloaded: exit 1',
      }),
    }),
  }),
  row('The endpoint serves another leaf', 'previous', 'previous', 'rolled_back', 'LeafNotServed', {
    end: recorded('rolled_back', { push: applied, probe: oldLeaf, rollback: undone, restored: oldAgain }),
  }),
  row('The endpoint does not answer', 'previous', 'previous', 'rolled_back', 'EndpointUnreachable', {
    end: recorded('rolled_back', { push: applied, probe: silent, rollback: undone, restored: oldAgain }),
  }),
  row(
    'The endpoint serves the leaf, but not for the name or without its chain',
    'previous',
    'previous',
    'rolled_back',
    'ServedUnfit',
    {
      end: recorded('rolled_back', { push: applied, probe: wrongName, rollback: undone, restored: oldAgain }),
    },
  ),
  row('Every probe returns too late', 'previous', 'previous', 'rolled_back', 'ProbeFailed', {
    end: recorded('rolled_back', {
      push: applied,
      probe: late,
      rollback: undone,
      restored: oldAgain,
      failure: timedOut,
    }),
  }),
  row('The function that probes fails', 'previous', 'previous', 'rolled_back', 'Lambda.Unknown', {
    end: recorded('rolled_back', {
      push: applied,
      rollback: undone,
      restored: oldAgain,
      failure: failure('Lambda.Unknown', 'exited'),
    }),
  }),
  row(
    'Restored, but the endpoint still serves the new leaf',
    'previous',
    'new',
    'rolled_back_unverified',
    'LeafNotServed',
    {
      end: recorded('rolled_back_unverified', {
        push: applied,
        probe: oldLeaf,
        rollback: undone,
        restored: stillNew,
      }),
    },
  ),
  row(
    'Restored, and the endpoint does not answer',
    'previous',
    'nothing',
    'rolled_back_unverified',
    'EndpointUnreachable',
    {
      end: recorded('rolled_back_unverified', {
        push: applied,
        probe: silent,
        rollback: undone,
        restored: silent,
      }),
    },
  ),
  row(
    'Restored, but the function cannot probe it',
    'previous',
    'unknown',
    'rolled_back_unverified',
    'LeafNotServed',
    {
      end: recorded('rolled_back_unverified', {
        push: applied,
        probe: oldLeaf,
        rollback: undone,
        failure: timedOut,
      }),
    },
  ),
  row(
    'Restored, but the host does not get the previous leaf (`probeFrom: host`)',
    'previous',
    'not the previous',
    'rolled_back_unverified',
    'LeafNotServed',
    {
      end: recorded('rolled_back_unverified', {
        push: applied,
        probe: oldLeaf,
        rollback: { ...undone, served: false },
        probeFrom: 'host',
        failure: timedOut,
      }),
    },
  ),
  row(
    'The reload fails, and a previous file cannot be restored',
    'mixed',
    'unknown',
    'rollback_failed',
    'RestoreFailed',
    {
      end: recorded('rollback_failed', {
        push: host({
          outcome: 'rollback_failed',
          summary: 'reload failed (exit 1) and rollback failed: /etc/x.pem: no space left',
          reason: 'RestoreFailed',
          repair,
        }),
      }),
    },
  ),
  row(
    'The reload fails, and fails again with the previous files',
    'previous',
    'unknown',
    'rollback_failed',
    'ReloadFailed',
    {
      end: recorded('rollback_failed', {
        push: host({
          outcome: 'rollback_failed',
          summary:
            'reload failed (exit 1) and rollback failed: previous files restored, but the reload failed: exit 1',
          reason: 'ReloadFailed',
          repair: { ...repair, commands: ['nginx -s reload'] },
        }),
      }),
    },
  ),
  row(
    'The endpoint serves another leaf, and a file cannot be restored',
    'mixed',
    'unknown',
    'rollback_failed',
    'RestoreFailed',
    {
      end: recorded('rollback_failed', {
        push: applied,
        probe: oldLeaf,
        rollback: host({
          outcome: 'rollback_failed',
          summary: 'rollback failed: the backup of /etc/x.pem is damaged',
          reason: 'RestoreFailed',
          repair,
        }),
      }),
    },
  ),
  row(
    'The endpoint serves another leaf, and the host does not answer the undo job',
    'unknown',
    'unknown',
    'rollback_failed',
    'States.Timeout',
    {
      end: recorded('rollback_failed', { push: applied, probe: oldLeaf, failure: timedOut }),
    },
  ),
];

function row(
  situation: string,
  onDisk: string,
  served: string,
  outcome: DeploymentOutcome,
  reason: string | null,
  { end }: Pick<OutcomeRow, 'end'>,
): OutcomeRow {
  return { situation, onDisk, served, outcome, reason, end };
}
