import { CertferryError } from '../../core/errors.ts';
import type { Executions } from '../../services/executions.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import type { AcquireResult, Claim, HeldLock, TargetLocks } from '../../services/locks/target-locks.ts';
import { lockError, supersededError } from './lock-errors.ts';

/** What it takes to get the locks. */
export interface LockServices {
  readonly locks: TargetLocks;
  readonly hostLocks: HostLocks;
  readonly executions: Executions;
}

/**
 * Takes the target's lock, then its host's, and answers the fence. Always in this order, and whoever holds a host waits
 * for nothing: so no two executions can wait for each other. Called again by the same execution it answers the same.
 *
 * Throws LockHeld while another execution has either, unless Step Functions says that it has ended. The target's lock is
 * kept then: nobody else could deploy to the target before this request, unless a later one is in force: Superseded.
 */
export async function acquireLocks(by: LockServices, claim: Claim, host: string): Promise<number> {
  const fence = fenceOf(claim, await unlessEnded(by, claim));
  const answer = await hostUnlessEnded(by, claim, host);
  if (answer.type === 'acquired') return fence;
  const { latestRequest } = await by.locks.read(claim.targetId);
  if (claim.supersedes && latestRequest > claim.requestNumber) throw supersededError(claim, latestRequest);
  throw hostHeld(claim, host, answer);
}

async function unlessEnded({ locks, executions }: LockServices, claim: Claim): Promise<AcquireResult> {
  const answer = await locks.acquire(claim);
  if (answer.type !== 'held' || (await executions.status(answer.owner)) !== 'ended') return answer;
  return locks.takeOver(claim, answer);
}

async function hostUnlessEnded({ hostLocks, executions }: LockServices, claim: Claim, host: string) {
  const hostClaim = { ...claim, host };
  const answer = await hostLocks.acquire(hostClaim);
  if (answer.type !== 'held' || (await executions.status(answer.owner)) !== 'ended') return answer;
  return hostLocks.takeOver(hostClaim, answer);
}

function fenceOf(claim: Claim, answer: AcquireResult): number {
  return answer.type === 'acquired' ? answer.fence : lockError(claim, answer);
}

function hostHeld({ targetId }: Claim, host: string, { owner }: HeldLock): CertferryError {
  return new CertferryError(
    'LockHeld',
    `host ${host} of target ${targetId} is being deployed to by ${owner}, for another of its targets`,
    { details: { targetId, host, owner } },
  );
}
