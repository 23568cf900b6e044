import type { AgentLine, Recovery } from '../../core/deployment/agent-line.ts';
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

/** What `recover` did. `failure`: the result for a deployment whose previous files could not be restored. */
export interface Recovered {
  readonly recovery: Recovery;
  readonly failure: AgentLine | null;
}

/** Performs the steps after the outcome is known. A later job must not start before they are done, unless the run ends here. */
type CleanUp = (work: () => void) => void;

/**
 * Reverses or completes the change of an interrupted run, before any other job. It removes staged files, reverses a partial
 * or unrecorded change and reloads the daemon, or completes an interrupted undo. Null if there is nothing to recover.
 */
export async function recover(home: Home, cleanUp: CleanUp = (work) => work()): Promise<Recovered | null> {
  removeTemporaries(home.root, [home.targets]);
  const journal = readJournal(home);
  if (journal === null) return null;
  const { change } = journal;
  const { outcome, failure = null } = await withFolderLocks(
    home,
    change.files.map(({ path }) => path),
    () => recoverChange(home, journal, cleanUp),
  );
  return { recovery: { deploymentId: change.deploymentId, targetId: change.targetId, outcome }, failure };
}

interface RecoveredChange {
  readonly outcome: Recovery['outcome'];
  readonly failure?: AgentLine;
}

async function recoverChange(
  home: Home,
  { phase, change }: Journal,
  cleanUp: CleanUp,
): Promise<RecoveredChange> {
  const receipt = readReceipt(home, change.targetId, change.deploymentId);
  if (phase === 'staging' || isUnrecordedInPlace(change, phase, receipt)) {
    cleanUp(() => {
      if (receipt === null) recordInterruption(home, change, 'cleaned');
      discardChange(home, change);
    });
    return { outcome: 'cleaned' };
  }
  if (isComplete(phase, receipt)) {
    cleanUp(() => {
      removeStaged(change);
      // recovery was killed after it had written the receipt
      if (receipt?.change === null) removeIfExists(home.target(change.targetId).backups(change.deploymentId));
      closeJournal(home);
    });
    return { outcome: 'completed' };
  }
  const undo = await undoChange(home, change);
  if (undo.kind === 'failed') {
    const failed = failedReceipt(change, undo);
    cleanUp(() => writeReceipt(home, failed));
    cleanUp(() => {
      removeStaged(change);
      closeJournal(home);
    });
    return { outcome: 'rollback_failed', failure: failed.line };
  }
  if (receipt === null) {
    cleanUp(() => {
      recordInterruption(home, change, 'restored');
      discardReversed(home, change);
    });
  } else {
    cleanUp(() => writeReceipt(home, { ...receipt, undone: true }));
    cleanUp(() => {
      removeStaged(change);
      closeJournal(home);
    });
  }
  return { outcome: 'restored' };
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

function failedReceipt(change: Change, undo: UndoResult & { readonly kind: 'failed' }): Receipt {
  return {
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
  };
}
