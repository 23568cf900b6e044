import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchGet } from '../batch-get.ts';
import { LockItem, lockKey } from './lock-item.ts';

/** A lock that an execution holds. */
export interface RunningLock {
  /** The ARN of the execution. */
  readonly owner: string;
  /** ISO 8601; null if the lock has no time. */
  readonly acquiredAt: string | null;
}

/** Reads the locks of many targets. */
export interface HeldLocks {
  /** By target id. Targets whose lock is free are missing. */
  of(targetIds: readonly string[]): Promise<ReadonlyMap<string, RunningLock>>;
}

/** Locks in the table named `table`. */
export function createHeldLocks(documents: DynamoDBDocumentClient, table: string): HeldLocks {
  return {
    async of(targetIds) {
      const ids = new Map(targetIds.map((id) => [lockKey(id).pk, id]));
      const items = await batchGet(documents, table, [...ids.values()].map(lockKey));
      return new Map(
        items.flatMap((item): [string, RunningLock][] => {
          const [id, { owner, acquiredAt }] = [ids.get(String(item.pk)), LockItem.parse(item)];
          return id === undefined || owner === null ? [] : [[id, { owner, acquiredAt }]];
        }),
      );
    },
  };
}
