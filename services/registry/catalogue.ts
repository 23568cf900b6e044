import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Rollout } from '../../core/rollout/rollout.ts';
import { type Certificates, createCertificates } from './catalogue-certificates.ts';
import { currentKey, type Entry, type Origin } from './catalogue-items.ts';
import { createTargets, type Targets } from './catalogue-targets.ts';
import { createRegistryTable, readItem } from './registry-table.ts';

export type { Entry, Origin };

/**
 * What people have registered: certificates with their sources, and targets. The mapping from an event to the
 * certificates it concerns is data here.
 */
export interface Catalogue extends Certificates, Targets {
  /** The version whose rollout ended well last; null before the first. A rollout's end sets it, in sequence order only. */
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
