import type { Recovery } from '../../core/deployment/agent-line.ts';
import { agentLine } from '../../core/deployment/agent-line.ts';
import type { Change } from '../change/change.ts';
import { removeStaged } from '../files/restore.ts';
import { removeQuietly, sweepTemporaries } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { closeJournal, type Journal, readJournal } from '../journal/journal.ts';
import { type Receipt, readReceipt, writeReceipt } from '../journal/receipt.ts';
import { undoChange } from './undo-change.ts';

/**
 * Brings the host out of whatever an earlier run left half done, before any other job: staged files are removed, a
 * half committed or unproven change is undone and the daemon reloaded, an interrupted undoing is finished. Null when
 * nothing was half done.
 */
export async function recover(home: Home): Promise<Recovery | null> {
  sweepTemporaries(home.root);
  const journal = readJournal(home);
  if (journal === null) return null;
  const { change } = journal;
  return {
    deploymentId: change.deploymentId,
    targetId: change.targetId,
    outcome: await withFolderLocks(
      change.files.map(({ path }) => path),
      () => finishRecovery(home, journal),
    ),
  };
}

async function finishRecovery(home: Home, { phase, change }: Journal): Promise<Recovery['outcome']> {
  const receipt = readReceipt(home, change.targetId, change.deploymentId);
  if (phase === 'staging') {
    discard(home, change);
    return 'cleaned';
  }
  if (isSettled(phase, receipt)) {
    removeStaged(change);
    closeJournal(home);
    return 'completed';
  }
  const undoing = await undoChange(home, change);
  removeStaged(change);
  if (undoing.kind === 'failed') {
    recordFailure(home, change, undoing.why, undoing.repair);
    closeJournal(home);
    return 'rollback_failed';
  }
  if (receipt === null) {
    discard(home, change);
  } else {
    writeReceipt(home, { ...receipt, undone: true });
    closeJournal(home);
  }
  return 'restored';
}

/** The receipt was written just before the run died: only the journal was left to close. */
function isSettled(phase: Journal['phase'], receipt: Receipt | null): boolean {
  if (receipt === null) return false;
  return phase === 'committing' || receipt.undone || receipt.line.outcome !== 'applied';
}

/** Live files are as they were: removes temporaries and backups of a change that never came to be. */
export function discard(home: Home, change: Change): void {
  removeStaged(change);
  removeQuietly(home.target(change.targetId).backups(change.deploymentId));
  closeJournal(home);
}

function recordFailure(home: Home, change: Change, why: string, repair: Receipt['line']['repair']): void {
  writeReceipt(home, {
    v: 1,
    line: agentLine({
      deploymentId: change.deploymentId,
      targetId: change.targetId,
      outcome: 'rollback_failed',
      summary: `the run that made this change died, and undoing it failed: ${why}`,
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
