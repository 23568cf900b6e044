import * as z from 'zod/mini';
import { Baseline } from '../../core/deployment/baseline.ts';

/**
 * Items of the table `locks`:
 *
 * | pk                          | attributes |
 * | --------------------------- | ---------- |
 * | `target#<id>`               | owner, fence, startedAt, acquiredAt, takenFrom, enrolments, pending { key, commandId }, baseline, requests, latestRequest, rolloutSequence, rolloutOf |
 * | `host#<host>`               | owner, fence, acquiredAt, targetId (see `host-locks.ts`) |
 * | `request#<target>#<id>`     | number, expiresAt (see `request-numbers.ts`) |
 * | `command#<commandId>`       | see `pending-commands.ts` |
 * | `run#<runId>`               | see `../agent-runs/run-item.ts` |
 * | `bucket#<name>#<location>`  | see `../ssm/send-rate.ts` |
 *
 * `requests` is the highest number issued. `latestRequest` is the highest request in force. `rolloutSequence` is the highest
 * sequence of a rollout that requested this target. Like `fence`, they only grow and survive the release of the lock.
 * Sequences belong to one certificate, named in `rolloutOf`: a target with a new certificate starts with a new sequence.
 */
export const LockItem = z.object({
  owner: z._default(z.nullable(z.string()), null),
  fence: z._default(z.int(), 0),
  startedAt: z._default(z.nullable(z.string()), null),
  acquiredAt: z._default(z.nullable(z.string()), null),
  /** The previous owner, if its execution ended without releasing the lock. What it left on the host is unknown. */
  takenFrom: z._default(z.nullable(z.string()), null),
  /** Enrolment rounds of the running deployment. */
  enrolments: z._default(z.int(), 0),
  /** The job of the running deployment that is being sent (without `commandId`) or was sent. */
  pending: z._default(
    z.nullable(z.object({ key: z.string(), commandId: z._default(z.nullable(z.string()), null) })),
    null,
  ),
  /** What the endpoint served before the running deployment sent its first job: a retry never replaces it. */
  baseline: z._default(z.nullable(Baseline), null),
  requests: z._default(z.int(), 0),
  latestRequest: z._default(z.int(), 0),
  rolloutSequence: z._default(z.int(), 0),
  rolloutOf: z._default(z.string(), ''),
});
export type LockItem = z.infer<typeof LockItem>;

export function lockKey(targetId: string): { pk: string } {
  return { pk: `target#${targetId}` };
}

/** Proof that an execution holds a lock: every write of a deployment is conditional on owner and fence. */
export interface LockOwnership {
  readonly targetId: string;
  readonly executionArn: string;
  readonly fence: number;
}

/** Condition: the lock is free. */
export const isFree = 'attribute_not_exists(#owner)';
/** Condition: the lock still has the observed owner and fence. */
export const isStillHeldByObserved = '#owner = :observedOwner AND fence = :observedFence';

/** The position of a rollout in the order of its certificate's rollouts. */
export interface RolloutPosition {
  readonly certificate: string;
  readonly sequence: number;
}

/** Condition: no rollout of the same certificate with a higher sequence has requested this target. */
export const noNewerRollout =
  '(attribute_not_exists(rolloutSequence) OR rolloutSequence <= :sequence OR rolloutOf <> :certificate)';
/** The update that stores the position of the requesting rollout, in the same write. */
export const rolloutSet = 'rolloutSequence = :sequence, rolloutOf = :certificate';
export const rolloutValues = ({ certificate, sequence }: RolloutPosition) => ({
  ':certificate': certificate,
  ':sequence': sequence,
});

/** The sequence of a newer rollout that has requested this target; null if there is none. */
export function newerSequence(lock: LockItem, { certificate, sequence }: RolloutPosition): number | null {
  return lock.rolloutOf === certificate && lock.rolloutSequence > sequence ? lock.rolloutSequence : null;
}

/** The condition, names and values for a write that requires the lock. */
export function whileHeld({ executionArn, fence }: Pick<LockOwnership, 'executionArn' | 'fence'>) {
  return {
    condition: '#owner = :owner AND fence = :fence',
    names: { '#owner': 'owner' },
    values: { ':owner': executionArn, ':fence': fence },
  } as const;
}
