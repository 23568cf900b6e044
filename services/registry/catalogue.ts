import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Rollout } from '../../core/rollout/rollout.ts';
import { type Certificates, createCertificates } from './catalogue-certificates.ts';
import { currentKey, type Entry, type Origin } from './catalogue-items.ts';
import { createTargets, type Targets } from './catalogue-targets.ts';
import { createRegistryTable, readItem } from './registry-table.ts';

export type { Entry, Origin };

/** The registered certificates, with their sources, and the registered targets. */
export interface Catalogue extends Certificates, Targets {
  /** The version whose rollout succeeded last; null before the first. The end of a rollout sets it, in the order of the sequences only. */
  currentVersion(certificate: string): Promise<Rollout['version'] | null>;
  setCurrentVersion(certificate: string, version: Rollout['version'], sequence: number): Promise<void>;
}

/** The catalogue in the registry's table. */
export function createCatalogue(documents: DynamoDBDocumentClient, registryTable: string): Catalogue {
  const table = createRegistryTable(documents, registryTable);
  return {
    ...createCertificates(table),
    ...createTargets(table),
    async currentVersion(certificate) {
      const key = currentKey(certificate);
      const item = await table.get(key);
      if (item === null) return null;
      return readItem(Rollout.shape.version, item.version, { key, name: 'InvalidRequest' });
    },
    async setCurrentVersion(certificate, version, sequence) {
      await table.update(currentKey(certificate), {
        expression: 'SET #version = :version, #sequence = :sequence',
        when: 'attribute_not_exists(pk) OR #sequence <= :sequence',
        names: { '#version': 'version', '#sequence': 'sequence' },
        values: { ':version': version, ':sequence': sequence },
      });
    },
  };
}
