import type { Approval } from '../../core/rollout/rollout.ts';
import { type RegistryTable, readItem } from '../registry/registry-table.ts';
import { ApprovalRequestItem, approvalRequestKey, approvalRequestPrefix, expiryOf } from './rollout-items.ts';

/**
 * A rollout waits after a wave for a decision of an operator.
 *
 * `attempt`: the attempt of the state; later attempts sort after earlier ones. `secretHash`: SHA-256, in hex, of the secret
 * in the approval link.
 */
export type ApprovalRequest = Readonly<Omit<ApprovalRequestItem, 'decision'>>;

/** Approval requests of rollouts. */
export interface ApprovalRequests {
  /**
   * Stores a request. A state that is retried waits with another task token, so its request replaces the earlier one,
   * whichever arrives first. False when a later attempt has already stored its request.
   */
  requestApproval(request: ApprovalRequest): Promise<boolean>;
  /** The request after that wave, decided or not. Without a wave: the latest request without a decision. */
  approvalRequest(rolloutId: string, wave?: number): Promise<ApprovalRequest | null>;
  /** Records the decision. Does nothing if a later attempt has replaced the request. */
  recordDecision(request: ApprovalRequest, decision: Approval): Promise<void>;
}

/** Approval requests in the registry table. */
export function createApprovalRequests(table: RegistryTable): ApprovalRequests {
  return {
    requestApproval: ({ rolloutId, wave, taskToken, attempt, secretHash, requestedAt }) =>
      table.update(approvalRequestKey(rolloutId, wave), {
        expression:
          'SET rolloutId = :rollout, wave = :wave, taskToken = :token, attempt = :attempt, secretHash = :hash, requestedAt = :at, expiresAt = :expiry REMOVE decision',
        when: 'attribute_not_exists(pk) OR attempt <= :attempt',
        values: {
          ':rollout': rolloutId,
          ':wave': wave,
          ':token': taskToken,
          ':attempt': attempt,
          ':hash': secretHash,
          ':at': requestedAt,
          ':expiry': expiryOf(requestedAt),
        },
      }),
    async approvalRequest(rolloutId, wave) {
      if (wave !== undefined) {
        const item = await table.get(approvalRequestKey(rolloutId, wave));
        return item === null ? null : requestIn(read(rolloutId, wave, item));
      }
      const { pk } = approvalRequestKey(rolloutId, 0);
      const items = await table.query(pk, { prefix: approvalRequestPrefix, latestFirst: true });
      const requests = items.map((item) => read(rolloutId, Number(item.wave), item));
      const undecided = requests.find(({ decision }) => decision === null);
      return undecided === undefined ? null : requestIn(undecided);
    },
    async recordDecision({ rolloutId, wave, taskToken }, decision) {
      await table.update(approvalRequestKey(rolloutId, wave), {
        expression: 'SET decision = :decision',
        when: 'taskToken = :token',
        values: { ':decision': decision, ':token': taskToken },
      });
    },
  };
}

const read = (rolloutId: string, wave: number, item: unknown) =>
  readItem(ApprovalRequestItem, item, { key: approvalRequestKey(rolloutId, wave), name: 'InvalidRequest' });

function requestIn({ decision: _, ...request }: ApprovalRequestItem): ApprovalRequest {
  return request;
}
