import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createRegistryTable } from './registry-table.ts';

/** The version of the agent and its runtime that hosts have fetched, as far as warm commands have reported it. */
export interface HostVersions {
  /** Those of `hosts` that are not known to have this version. */
  without(version: string, hosts: readonly string[]): Promise<string[]>;
  save(host: string, version: string): Promise<void>;
}

const keyOf = (host: string) => ({ pk: `host#${host}`, sk: 'agent' });

/** Host versions in the table `registry`. */
export function createHostVersions(documents: DynamoDBDocumentClient, registryTable: string): HostVersions {
  const table = createRegistryTable(documents, registryTable);
  return {
    async without(version, hosts) {
      const items = await table.many([...new Set(hosts)].map(keyOf));
      const warm = new Set(items.filter((item) => item.version === version).map(({ pk }) => pk));
      return [...new Set(hosts)].filter((host) => !warm.has(keyOf(host).pk));
    },
    async save(host, version) {
      await table.update(keyOf(host), {
        expression: 'SET #version = :version',
        when: 'attribute_not_exists(#version) OR #version <> :version',
        names: { '#version': 'version' },
        values: { ':version': version },
      });
    },
  };
}
