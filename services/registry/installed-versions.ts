import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { Fingerprint, VersionFacts } from '../../core/deployment/version.ts';
import { desiredKey } from './desired-versions.ts';
import { createRegistryTable, readItem } from './registry-table.ts';

/**
 * What certferry believes a target (on one host) has, as its last deployment left it: item `target#<id>` / `installed`
 * of the registry, written in the transaction that records a deployment. `fingerprint` is null when nobody knows
 * (`lost`, `rollback_failed`); `notAfter` is epoch seconds, null when unknown. `version` is what the host said of it, by
 * which the drift sweep tells a chain that is not complete, and an RSA leaf beside an ECDSA one.
 */
export const InstalledVersion = z.object({
  targetId: z.string(),
  certificate: z.string(),
  host: z.string(),
  /** Where on the host, and how: see `core/target/place-digest.ts`. */
  place: z.optional(z.nullable(z.string())),
  fingerprint: z.nullable(Fingerprint),
  notAfter: z.nullable(z.number()),
  version: z.optional(z.nullable(VersionFacts)),
  outcome: z.string(),
  deploymentId: z.string(),
  /** Which rollout deployed it; null: a person did, for this target alone. */
  rollout: z.optional(z.nullable(z.string())),
  fence: z.int(),
  at: z.string(),
});
export type InstalledVersion = z.infer<typeof InstalledVersion>;

/** Reads what targets have; of many at once. */
export interface InstalledVersions {
  /** By target id; targets that never had a deployment are missing. */
  of(targetIds: readonly string[]): Promise<ReadonlyMap<string, InstalledVersion>>;
  /**
   * What the last request that got each target's lock wants there, by target id: a fingerprint, or null where the version
   * before is put back. Targets that no request was for are missing.
   */
  desiredOf(targetIds: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
}

export const installedKey = (targetId: string) => ({ pk: `target#${targetId}`, sk: 'installed' });

/** InstalledVersion versions in the registry's table. */
export function createInstalledVersions(
  documents: DynamoDBDocumentClient,
  registryTable: string,
): InstalledVersions {
  const table = createRegistryTable(documents, registryTable);
  return {
    async of(targetIds) {
      const items = await table.many([...new Set(targetIds)].map(installedKey));
      return new Map(items.map((item) => [String(item.targetId), readInstalled(item)]));
    },
    async desiredOf(targetIds) {
      const items = await table.many([...new Set(targetIds)].map(desiredKey));
      return new Map(
        items.map(({ targetId, fingerprint }) => [String(targetId), fingerprint as string | null]),
      );
    },
  };
}

function readInstalled(item: Readonly<Record<string, unknown>>): InstalledVersion {
  return readItem(InstalledVersion, item, {
    key: installedKey(String(item.targetId)),
    name: 'InvalidRequest',
  });
}
