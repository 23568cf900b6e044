import { CertferryError } from '../../core/errors.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { Executions } from '../../services/executions.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import type { AcquireResult, Claim, HeldLock, TargetLocks } from '../../services/locks/target-locks.ts';
import { lockError, supersededError } from './lock-errors.ts';

/** The services that locking requires. */
export interface LockServices {
  readonly locks: TargetLocks;
  readonly hostLocks: HostLocks;
  readonly executions: Executions;
}

/**
 * Takes the lock of the target, then the lock of its host, and returns the fence. Targets with `host: lambda` share no host,
 * so they have no second lock. The order is fixed, and an execution that
 * holds a host waits for nothing, so there is no deadlock. A repeated call by the same execution returns the same fence.
 *
 * Throws LockHeld while another execution holds one of the locks, unless Step Functions reports that it has ended. The
 * target's lock is kept then, so that no other deployment overtakes this request. Throws Superseded if a later request
 * is in force.
 */
export async function acquireLocks(by: LockServices, claim: Claim, host: string): Promise<number> {
  const fence = fenceOf(claim, await acquireTarget(by, claim));
  if (isFunctionHost(host)) return fence;
  const result = await acquireHost(by, claim, host);
  if (result.type === 'acquired') return fence;
  const { latestRequest } = await by.locks.read(claim.targetId);
  if (claim.supersedes && latestRequest > claim.requestNumber) throw supersededError(claim, latestRequest);
  throw hostHeld(claim, host, result);
}

async function acquireTarget({ locks, executions }: LockServices, claim: Claim): Promise<AcquireResult> {
  const result = await locks.acquire(claim);
  if (result.type !== 'held' || (await executions.status(result.owner)) !== 'ended') return result;
  return locks.takeOver(claim, result);
}

async function acquireHost({ hostLocks, executions }: LockServices, claim: Claim, host: string) {
  const hostClaim = { ...claim, host };
  const result = await hostLocks.acquire(hostClaim);
  if (result.type !== 'held' || (await executions.status(result.owner)) !== 'ended') return result;
  return hostLocks.takeOver(hostClaim, result);
}

function fenceOf(claim: Claim, result: AcquireResult): number {
  return result.type === 'acquired' ? result.fence : lockError(claim, result);
}

function hostHeld({ targetId }: Claim, host: string, { owner }: HeldLock): CertferryError {
  return new CertferryError(
    'LockHeld',
    `${owner} holds host ${host} of target ${targetId} for another of its targets`,
    { details: { targetId, host, owner } },
  );
}
