import { CertferryError } from '../../core/errors.ts';
import type { AcquireResult, Claim } from '../../services/locks/target-locks.ts';

/** Throws the error for a lock that could not be acquired. */
export function lockError(claim: Claim, answer: Exclude<AcquireResult, { type: 'acquired' }>): never {
  const { targetId, requestNumber } = claim;
  switch (answer.type) {
    case 'held':
      throw new CertferryError(
        'LockHeld',
        `${answer.owner} holds target ${targetId} (fence ${answer.fence})`,
        { details: { targetId, owner: answer.owner, fence: answer.fence } },
      );
    case 'superseded':
      throw supersededError(claim, answer.by);
    case 'newer_rollout':
      throw new CertferryError(
        'Superseded',
        `a newer rollout of the certificate has requested target ${targetId} (sequence ${answer.sequence})`,
        { details: { targetId, sequence: answer.sequence } },
      );
    case 'unknown_number':
      throw new CertferryError(
        'InvalidRequest',
        `requestNumber ${requestNumber} was never issued for target ${targetId} (the highest is ${answer.highest}). Omit it: the execution gets a number.`,
        { details: { targetId, requestNumber, highest: answer.highest } },
      );
  }
}

/** A later request is in force. */
export function supersededError({ targetId, requestNumber }: Claim, by: number): CertferryError {
  return new CertferryError(
    'Superseded',
    `request ${by} supersedes request ${requestNumber} for target ${targetId}`,
    { details: { targetId, requestNumber, by } },
  );
}
