import type { AccompanyingWrites, History, HistoryItem } from '../../services/history/history.ts';
import type { HostLockItem, HostLockOwnership, HostLocks } from '../../services/locks/host-locks.ts';
import type { DeploymentMetrics } from '../../services/notify/deployment-metrics.ts';

/** The services that recording a deployment requires. */
export interface RecordingServices {
  readonly history: History;
  readonly hostLocks: HostLocks;
  readonly metrics: DeploymentMetrics;
}

/**
 * Writes an item together with its other writes. If a lock was taken over since it was read, its new owner keeps it, and the
 * outcome is written without releasing it. The installed version is not written then: the new owner writes its own.
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

/** With the time at which the lock was acquired. */
type HeldHost = HostLockOwnership & Pick<HostLockItem, 'acquiredAt'>;

/** The lock of the host, if the execution holds it. */
export async function findHeldHostLock(
  by: Pick<RecordingServices, 'hostLocks'>,
  host: string | null,
  executionArn: string,
): Promise<HeldHost | null> {
  if (host === null) return null;
  const { owner, fence, acquiredAt } = await by.hostLocks.read(host);
  return owner === executionArn ? { host, executionArn, fence, acquiredAt } : null;
}
