import type { Recovery } from '../../core/deployment/agent-line.ts';
import type { Change } from '../change/change.ts';
import { removeStaged } from '../files/restore.ts';
import { removeTemporaries } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { closeJournal, type Journal, readJournal } from '../journal/journal.ts';
import { type Receipt, readReceipt, writeReceipt } from '../journal/receipt.ts';
import { resultLine } from '../journal/result-line.ts';
import { discardChange, discardReversed } from './discard-change.ts';
import { undoChange } from './undo-change.ts';

/**
 * Reverses or completes the change of an interrupted run, before any other job. It removes staged files, reverses a partial
 * or unrecorded change and reloads the daemon, or completes an interrupted undo. Null if there is nothing to recover.
 */
export async function recover(home: Home): Promise<Recovery | null> {
  removeTemporaries(home.root, [home.targets]);
  const journal = readJournal(home);
  if (journal === null) return null;
  const { change } = journal;
  return {
    deploymentId: change.deploymentId,
    targetId: change.targetId,
    outcome: await withFolderLocks(
      home,
      change.files.map(({ path }) => path),
      () => recoverChange(home, journal),
    ),
  };
}

async function recoverChange(home: Home, { phase, change }: Journal): Promise<Recovery['outcome']> {
  const receipt = readReceipt(home, change.targetId, change.deploymentId);
  if (phase === 'staging' || isUnrecordedInPlace(change, phase, receipt)) {
    discardChange(home, change);
    return 'cleaned';
  }
  if (isComplete(phase, receipt)) {
    removeStaged(change);
    closeJournal(home);
    return 'completed';
  }
  const undo = await undoChange(home, change);
  removeStaged(change);
  if (undo.kind === 'failed') {
    recordFailure(home, change, undo.why, undo.repair);
    closeJournal(home);
    return 'rollback_failed';
  }
  if (receipt === null) {
    discardReversed(home, change);
  } else {
    writeReceipt(home, { ...receipt, undone: true });
    closeJournal(home);
  }
  return 'restored';
}

/** In place, the live files have the new version before and after the commit, so nothing is reversed. */
function isUnrecordedInPlace(change: Change, phase: Journal['phase'], receipt: Receipt | null): boolean {
  return change.inPlace !== undefined && phase === 'committing' && receipt === null;
}

/** Whether the receipt shows that only the journal remained to be removed. */
function isComplete(phase: Journal['phase'], receipt: Receipt | null): boolean {
  if (receipt === null) return false;
  return phase === 'committing' || receipt.undone || receipt.line.outcome !== 'applied';
}

function recordFailure(home: Home, change: Change, why: string, repair: Receipt['line']['repair']): void {
  writeReceipt(home, {
    v: 1,
    line: resultLine(change, {
      outcome: 'rollback_failed',
      summary: `the run was interrupted, and its rollback failed: ${why}`,
      reason: 'RestoreFailed',
      repair,
    }),
    fence: change.fence,
    change,
    undone: true,
    replacedDeployment: null,
    origin: change.deploymentId,
  });
}
