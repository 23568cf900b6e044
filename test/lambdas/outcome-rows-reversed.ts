// Deployments that the daemon or the verification refused, and what their rollback restored.
import {
  applied,
  host,
  type OutcomeRow,
  oldAgain,
  oldLeaf,
  recorded,
  repair,
  row,
  silent,
  stillNew,
  timedOut,
  undone,
  wrongName,
} from './outcome-situations.ts';

export const rowsReversed: readonly OutcomeRow[] = [
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
