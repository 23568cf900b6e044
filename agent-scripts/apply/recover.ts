import type { Recovery } from '../../core/deployment/agent-line.ts';
import type { Change } from '../change/change.ts';
import { removeStaged } from '../files/restore.ts';
import { removeIfExists, removeTemporaries } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { closeJournal, type Journal, readJournal } from '../journal/journal.ts';
import { type Receipt, readReceipt, writeReceipt } from '../journal/receipt.ts';
import { resultLine } from '../journal/result-line.ts';
import { discardChange, discardReversed } from './discard-change.ts';
import { type UndoResult, undoChange } from './undo-change.ts';

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
    if (receipt === null) recordInterruption(home, change, 'cleaned');
    discardChange(home, change);
    return 'cleaned';
  }
  if (isComplete(phase, receipt)) {
    removeStaged(change);
    // recovery was killed after it had written the receipt
    if (receipt?.change === null) removeIfExists(home.target(change.targetId).backups(change.deploymentId));
    closeJournal(home);
    return 'completed';
  }
  const undo = await undoChange(home, change);
  removeStaged(change);
  if (undo.kind === 'failed') {
    recordFailure(home, change, undo);
    closeJournal(home);
    return 'rollback_failed';
  }
  if (receipt === null) {
    recordInterruption(home, change, 'restored');
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

const interruptions = {
  cleaned: {
    outcome: 'rejected',
    summary:
      'the agent was interrupted before it changed a live file, and the host has removed the staged files',
  },
  restored: {
    outcome: 'restored',
    summary:
      'the agent was interrupted, and the host has restored the previous files and reloaded the daemon',
  },
} as const;

/**
 * The receipt of a deployment that recovery has reversed, so that an inspect job gets this answer and not silence. If it
 * cannot be written, e.g. on a full disk, the answer is that the host has no result.
 */
function recordInterruption(home: Home, change: Change, end: keyof typeof interruptions): void {
  // in place, the live files had the new version before the job
  const isKept = change.inPlace !== undefined && end === 'cleaned';
  const version = isKept ? change.version : change.previousVersion;
  const line = resultLine(change, {
    ...interruptions[end],
    reason: 'Interrupted',
    version,
    previousVersion: change.previousVersion,
  });
  const { fence, deploymentId } = change;
  try {
    writeReceipt(home, {
      v: 1,
      line,
      fence,
      change: null,
      undone: false,
      replacedDeployment: null,
      origin: deploymentId,
    });
  } catch {
    // recovery must not depend on the answer to a later question
  }
}

function recordFailure(home: Home, change: Change, undo: UndoResult & { readonly kind: 'failed' }): void {
  writeReceipt(home, {
    v: 1,
    line: resultLine(change, {
      outcome: 'rollback_failed',
      summary: `the run was interrupted, and its rollback failed: ${undo.why}`,
      reason: undo.reason,
      repair: undo.repair,
    }),
    fence: change.fence,
    change,
    undone: true,
    replacedDeployment: null,
    origin: change.deploymentId,
  });
}
