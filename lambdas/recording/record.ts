import type { AccompanyingWrites, History, HistoryItem } from '../../services/history/history.ts';
import type { HostLockItem, HostLockOwnership, HostLocks } from '../../services/locks/host-locks.ts';
import type { DeploymentMetrics } from '../../services/notify/deployment-metrics.ts';

/** What it takes to write a deployment's end down. */
export interface RecordingServices {
  readonly history: History;
  readonly hostLocks: HostLocks;
  readonly metrics: DeploymentMetrics;
}

/**
 * Writes an item with all that goes along. A lock that was taken over since it was looked at is left to its new owner,
 * and the outcome is written all the same; what is believed to be installed is not, since that owner knows better.
 */
export async function record(
  by: RecordingServices,
  item: HistoryItem,
  along: AccompanyingWrites,
): Promise<'recorded' | 'already_recorded'> {
  const recording = await by.history.record(item, along);
  switch (recording) {
    case 'recorded':
      by.metrics.ended(item);
      return recording;
    case 'already_recorded':
      return recording;
    case 'not_held':
      return record(by, item, { ...along, release: null, installed: null });
    case 'host_not_held':
      return record(by, item, { ...along, host: null });
  }
}

/** With when it was got. */
type HeldHost = HostLockOwnership & Pick<HostLockItem, 'acquiredAt'>;

/** The host's lock, if it is the execution's. */
export async function findHeldHostLock(
  by: Pick<RecordingServices, 'hostLocks'>,
  host: string | null,
  executionArn: string,
): Promise<HeldHost | null> {
  if (host === null) return null;
  const { owner, fence, acquiredAt } = await by.hostLocks.read(host);
  return owner === executionArn ? { host, executionArn, fence, acquiredAt } : null;
}
