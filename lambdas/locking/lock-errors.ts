import { CertferryError } from '../../core/errors.ts';
import type { AcquireResult, Claim } from '../../services/locks/target-locks.ts';

/** Throws the error for a lock that could not be acquired. */
export function lockError(claim: Claim, result: Exclude<AcquireResult, { type: 'acquired' }>): never {
  const { targetId, requestNumber } = claim;
  switch (result.type) {
    case 'held':
      throw new CertferryError(
        'LockHeld',
        `${result.owner} holds target ${targetId} (fence ${result.fence})`,
        { details: { targetId, owner: result.owner, fence: result.fence } },
      );
    case 'superseded':
      throw supersededError(claim, result.by);
    case 'newer_rollout':
      throw new CertferryError(
        'Superseded',
        `a newer rollout of the certificate has requested target ${targetId} (sequence ${result.sequence})`,
        { details: { targetId, sequence: result.sequence } },
      );
    case 'unknown_number':
      throw new CertferryError(
        'InvalidRequest',
        `requestNumber ${requestNumber} was never issued for target ${targetId} (the highest is ${result.highest}). Omit it: the execution gets a number.`,
        { details: { targetId, requestNumber, highest: result.highest } },
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
