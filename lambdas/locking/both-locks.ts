import { CertferryError } from '../../core/errors.ts';
import type { Executions } from '../../services/locks/executions.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import type { Answer, Claim, Held, Locks } from '../../services/locks/locks.ts';
import { overtaken, refuse } from './refusals.ts';

/** What it takes to get the locks. */
export interface Lockers {
  readonly locks: Locks;
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
export async function takeLocks(by: Lockers, claim: Claim, host: string): Promise<number> {
  const fence = fenceOf(claim, await unlessEnded(by, claim));
  const answer = await hostUnlessEnded(by, claim, host);
  if (answer.type === 'acquired') return fence;
  const { latestRequest } = await by.locks.read(claim.targetId);
  if (claim.supersedes && latestRequest > claim.requestNumber) throw overtaken(claim, latestRequest);
  throw hostHeld(claim, host, answer);
}

async function unlessEnded({ locks, executions }: Lockers, claim: Claim): Promise<Answer> {
  const answer = await locks.acquire(claim);
  if (answer.type !== 'held' || (await executions.status(answer.owner)) !== 'ended') return answer;
  return locks.takeOver(claim, answer);
}

async function hostUnlessEnded({ hostLocks, executions }: Lockers, claim: Claim, host: string) {
  const hostClaim = { ...claim, host };
  const answer = await hostLocks.acquire(hostClaim);
  if (answer.type !== 'held' || (await executions.status(answer.owner)) !== 'ended') return answer;
  return hostLocks.takeOver(hostClaim, answer);
}

function fenceOf(claim: Claim, answer: Answer): number {
  return answer.type === 'acquired' ? answer.fence : refuse(claim, answer);
}

function hostHeld({ targetId }: Claim, host: string, { owner }: Held): CertferryError {
  return new CertferryError(
    'LockHeld',
    `host ${host} of target ${targetId} is being deployed to by ${owner}, for another of its targets`,
    { details: { targetId, host, owner } },
  );
}
