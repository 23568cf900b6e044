import { CertferryError } from '../../core/errors.ts';
import type { AcquireResult, Claim } from '../../services/locks/target-locks.ts';

/** Throws what it means that a target's lock was not given. */
export function lockError(claim: Claim, answer: Exclude<AcquireResult, { type: 'acquired' }>): never {
  const { targetId, requestNumber } = claim;
  switch (answer.type) {
    case 'held':
      throw new CertferryError(
        'LockHeld',
        `target ${targetId} is being deployed to by ${answer.owner} (fence ${answer.fence})`,
        { details: { targetId, owner: answer.owner, fence: answer.fence } },
      );
    case 'superseded':
      throw supersededError(claim, answer.by);
    case 'newer_rollout':
      throw new CertferryError(
        'Superseded',
        `target ${targetId} has been asked for by a newer rollout of its certificate (sequence ${answer.sequence})`,
        { details: { targetId, sequence: answer.sequence } },
      );
    case 'unknown_number':
      throw new CertferryError(
        'InvalidRequest',
        `requestNumber ${requestNumber} was never given out for target ${targetId} (the highest is ${answer.highest}). Leave it out: the execution is given its number.`,
        { details: { targetId, requestNumber, highest: answer.highest } },
      );
  }
}

/** A later request is in force. */
export function supersededError({ targetId, requestNumber }: Claim, by: number): CertferryError {
  return new CertferryError(
    'Superseded',
    `request ${requestNumber} for target ${targetId} was supersededError by request ${by}`,
    { details: { targetId, requestNumber, by } },
  );
}
