import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { RequestAction } from '../../core/deployment/deployment.ts';
import { Source } from '../../core/deployment/source.ts';
import { createRegistryTable } from './registry-table.ts';

/** The version that the last request with the target's lock deploys. `fingerprint` is null for a rollback. */
export const DesiredVersion = z.object({
  targetId: z.string(),
  certificate: z.string(),
  action: RequestAction,
  fingerprint: z.nullable(z.string()),
  source: z.nullable(Source),
  requestNumber: z.int(),
});
export type DesiredVersion = z.infer<typeof DesiredVersion>;

/** The desired version of each target. */
export interface DesiredVersions {
  /** Null if no request had the target's lock yet. */
  find(targetId: string): Promise<DesiredVersion | null>;
  /** A version with a lower request number changes nothing, so late and repeated calls are harmless. */
  save(desired: DesiredVersion): Promise<void>;
}

export const desiredKey = (targetId: string) => ({ pk: `target#${targetId}`, sk: 'desired' });

/** Desired versions in the table `registry`. */
export function createDesiredVersions(
  documents: DynamoDBDocumentClient,
  registryTable: string,
): DesiredVersions {
  const table = createRegistryTable(documents, registryTable);
  return {
    async find(targetId) {
      const item = await table.get(desiredKey(targetId));
      return item === null ? null : DesiredVersion.parse(item);
    },
    save: (desired) => table.putUnlessNewer({ ...desiredKey(desired.targetId), ...desired }, 'requestNumber'),
  };
}
