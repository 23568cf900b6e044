import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { Fingerprint, VersionFacts } from '../../core/deployment/version.ts';
import { desiredKey } from './desired-versions.ts';
import { createRegistryTable, readItem } from './registry-table.ts';

/**
 * The installed version of a target on one host after its last deployment (item `target#<id>` / `installed` of the registry). It
 * is written in the transaction that records the deployment. `fingerprint` is null if it is unknown (`lost`,
 * `rollback_failed`); `notAfter` is epoch seconds, null if unknown. `version` comes from the host: with it the drift sweep
 * recognises an incomplete chain, and an RSA leaf beside an ECDSA leaf.
 */
export const InstalledVersion = z.object({
  targetId: z.string(),
  certificate: z.string(),
  host: z.string(),
  /** The digest of kind, config and host: see `core/targets/installation-digest.ts`. */
  installation: z.optional(z.nullable(z.string())),
  fingerprint: z.nullable(Fingerprint),
  notAfter: z.nullable(z.number()),
  version: z.optional(z.nullable(VersionFacts)),
  outcome: z.string(),
  deploymentId: z.string(),
  /** The rollout that deployed it; null for a deployment of this target alone. */
  rollout: z.optional(z.nullable(z.string())),
  fence: z.int(),
  at: z.string(),
});
export type InstalledVersion = z.infer<typeof InstalledVersion>;

/** Reads the installed versions of many targets. */
export interface InstalledVersions {
  /** By target id. Targets without a deployment are missing. */
  of(targetIds: readonly string[]): Promise<ReadonlyMap<string, InstalledVersion>>;
  /**
   * The fingerprint that the last request with the lock of each target deploys, by target id; null for a rollback. Targets without
   * a request are missing.
   */
  desiredOf(targetIds: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
}

export const installedKey = (targetId: string) => ({ pk: `target#${targetId}`, sk: 'installed' });

/** Installed versions in the table `registry`. */
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
