import type { History } from '../../services/history/history.ts';
import type { LockItem } from '../../services/locks/lock-item.ts';
import type { OutcomeReport } from './deployment-outcome.ts';

/** An execution that broke off before it recorded its outcome. `startedAt` is epoch milliseconds. */
export interface BrokenOff {
  readonly targetId: string;
  readonly executionArn: string;
  readonly startedAt: number;
  readonly status: string;
}

/**
 * The outcome of an execution that broke off. It is `rejected` if it certainly sent no job: the lock shows that no job was sent, or
 * that the execution only waited for it. Otherwise it is `lost`.
 */
export async function brokenOffOutcome(
  history: Pick<History, 'list'>,
  broken: BrokenOff,
  lock: LockItem,
): Promise<OutcomeReport> {
  const how = `the execution ended with status ${broken.status} before it recorded its outcome`;
  const interrupted = (why: string) =>
    report('rejected', 'Interrupted', `${how}; ${why}, so nothing was changed`);
  if (lock.owner === broken.executionArn) {
    return lock.pending === null
      ? interrupted('no job was sent to the host')
      : report('lost', broken.status, `${how}; a job was sent and the host may have performed it`);
  }
  return (await hasOnlyWaited(history, broken, lock))
    ? interrupted('it only waited for the lock of the target')
    : report('lost', broken.status, `${how}; it is unknown whether it held the lock of the target`);
}

const report = (outcome: 'rejected' | 'lost', reason: string, summary: string): OutcomeReport => ({
  outcome,
  summary,
  reason,
  repair: null,
  warnings: [],
});

/** Margin for clocks that differ, in milliseconds. */
const clockMargin = 60_000;

/**
 * Whether other executions held the target's lock for all the time since this one started. Each acquisition raises the fence by
 * one. So it never held the lock if each fence belongs to another execution, back to one that ended before it started.
 */
async function hasOnlyWaited(
  history: Pick<History, 'list'>,
  { targetId, executionArn, startedAt }: BrokenOff,
  { owner, fence, acquiredAt, takenFrom }: LockItem,
): Promise<boolean> {
  if (takenFrom === executionArn) return false;
  const isBefore = (time: string | null) => time !== null && Date.parse(time) < startedAt - clockMargin;
  if (owner !== null && isBefore(acquiredAt)) return true;
  const others = new Map((await history.list({ targetId })).map((item) => [item.fence, item]));
  for (let at = owner === null ? fence : fence - 1; at > 0; at -= 1) {
    const other = others.get(at);
    if (other === undefined || other.executionArn === executionArn) return false;
    if (isBefore(other.endedAt)) return true;
  }
  return true;
}
