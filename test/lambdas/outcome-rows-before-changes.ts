// Successes, and deployments that were refused, interrupted or lost.
import {
  applied,
  brokenOff,
  failure,
  good,
  held,
  host,
  type OutcomeRow,
  oldAgain,
  previous,
  recorded,
  row,
  silent,
  timedOut,
} from './outcome-situations.ts';

const goneHost = 'host i-0abc is gone:';
const nothingThere = 'there is nothing to deploy to';

export const rowsBeforeChanges: readonly OutcomeRow[] = [
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
  row(
    'The host is terminated, or scaled in, before the job is sent',
    'no host',
    'no host',
    'gone',
    'HostTerminated',
    {
      end: recorded('gone', {
        failure: failure('HostTerminated', `${goneHost} EC2 reports it as shutting-down; ${nothingThere}`),
        mayHaveSent: false,
      }),
    },
  ),
  row(
    'The selector of the target no longer finds the host',
    'as before',
    'as before',
    'gone',
    'HostDeselected',
    {
      end: recorded('gone', {
        failure: failure('HostDeselected', `${goneHost} it does not have the tag role=web; ${nothingThere}`),
        mayHaveSent: false,
      }),
    },
  ),
  row('The host is terminated during the job', 'no host', 'no host', 'gone', 'HostTerminated', {
    end: recorded('gone', {
      push: host({ outcome: 'lost', summary: 'the command ended with status Undeliverable' }),
      failure: failure('HostTerminated', `${goneHost} EC2 reports it as terminated; ${nothingThere}`),
    }),
  }),
  row(
    'The host is terminated during the verification or the rollback',
    'no host',
    'no host',
    'gone',
    'HostTerminated',
    {
      end: recorded('gone', {
        push: applied,
        probe: silent,
        failure: failure('HostTerminated', `${goneHost} EC2 reports it as terminated; ${nothingThere}`),
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
];
