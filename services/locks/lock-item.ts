import * as z from 'zod/mini';

/**
 * Items of the table `locks`:
 *
 * | pk                          | attributes |
 * | --------------------------- | ---------- |
 * | `target#<id>`               | owner, fence, startedAt, acquiredAt, takenFrom, enrolments, pending { key, commandId }, requests, latestRequest, rolloutSequence, rolloutOf |
 * | `host#<host>`               | owner, fence, acquiredAt, targetId (see `host-locks.ts`) |
 * | `request#<target>#<id>`     | number, expiresAt (see `requests.ts`) |
 * | `command#<commandId>`       | see `pending-commands.ts` |
 * | `bucket#<what>#<where>`     | see `pacing.ts` |
 *
 * `requests` counts the numbers given out, `latestRequest` is the highest that is in force, `rolloutSequence` the
 * highest of a rollout that has asked; like `fence` they only ever grow, and stay when the lock is released. But sequences
 * are a certificate's own: `rolloutOf` names it, and a target that is given another certificate begins anew.
 */
export const LockItem = z.object({
  owner: z._default(z.nullable(z.string()), null),
  fence: z._default(z.int(), 0),
  startedAt: z._default(z.nullable(z.string()), null),
  acquiredAt: z._default(z.nullable(z.string()), null),
  /** Whose lock it was, where that execution had ended without letting go of it: what it left on the host nobody knows. */
  takenFrom: z._default(z.nullable(z.string()), null),
  /** Rounds of enrolment the running deployment has gone through. */
  enrolments: z._default(z.int(), 0),
  /** What is being sent (no `commandId` yet) or has been sent for the running deployment. */
  pending: z._default(
    z.nullable(z.object({ key: z.string(), commandId: z._default(z.nullable(z.string()), null) })),
    null,
  ),
  requests: z._default(z.int(), 0),
  latestRequest: z._default(z.int(), 0),
  rolloutSequence: z._default(z.int(), 0),
  rolloutOf: z._default(z.string(), ''),
});
export type LockItem = z.infer<typeof LockItem>;

export function lockKey(targetId: string): { pk: string } {
  return { pk: `target#${targetId}` };
}

/** Proof of ownership a lock: every write on behalf of a deployment is conditional on both. */
export interface LockOwnership {
  readonly targetId: string;
  readonly executionArn: string;
  readonly fence: number;
}

/** A condition: nobody holds the lock. */
export const isFree = 'attribute_not_exists(#owner)';
/** A condition: it is held by the very owner, and with the fence, that were seen. */
export const isStillTheirs = '#owner = :them AND fence = :theirFence';

/** The place of a rollout in its certificate's order. */
export interface RolloutPosition {
  readonly certificate: string;
  readonly sequence: number;
}

/** A condition: no rollout of the same certificate and of a later sequence has asked for this target. */
export const noNewerRollout =
  '(attribute_not_exists(rolloutSequence) OR rolloutSequence <= :sequence OR rolloutOf <> :certificate)';
/** What the asking rollout leaves on the item, in the same write. */
export const rolloutSet = 'rolloutSequence = :sequence, rolloutOf = :certificate';
export const rolloutValues = ({ certificate, sequence }: RolloutPosition) => ({
  ':certificate': certificate,
  ':sequence': sequence,
});

/** The sequence of a rollout that comes after this one; null when none has asked. */
export function newerSequence(lock: LockItem, { certificate, sequence }: RolloutPosition): number | null {
  return lock.rolloutOf === certificate && lock.rolloutSequence > sequence ? lock.rolloutSequence : null;
}

/** A condition (and its names and values) that holds only while `ownership` does. */
export function whileHeld({ executionArn, fence }: Pick<LockOwnership, 'executionArn' | 'fence'>) {
  return {
    condition: '#owner = :owner AND fence = :fence',
    names: { '#owner': 'owner' },
    values: { ':owner': executionArn, ':fence': fence },
  } as const;
}
