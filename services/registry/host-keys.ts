import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { HostKey } from '../../core/deployment/agent-line.ts';
import { createRegistryTable } from './registry-table.ts';

/** The public keys of the hosts: the next bundle for a host is sealed to its key. */
export interface HostKeys {
  /** Null if no key of the host is known. */
  find(host: string): Promise<HostKey | null>;
  /**
   * The registered key that `save` would replace with another one. Null if there is none, if it is the same key, or if a
   * later command has saved it.
   */
  findReplaced(host: string, key: HostKey, sentAt: string): Promise<HostKey | null>;
  /**
   * `sentAt`: when the command that returned the key was sent, ISO 8601. A key of an earlier command changes nothing,
   * so late and repeated calls are harmless.
   */
  save(host: string, key: HostKey, sentAt: string): Promise<void>;
}

const hostKeyKey = (host: string) => ({ pk: `host#${host}`, sk: 'key' });

/** Host keys in the table `registry`. */
export function createHostKeys(documents: DynamoDBDocumentClient, registryTable: string): HostKeys {
  const table = createRegistryTable(documents, registryTable);
  return {
    async find(host) {
      const item = await table.get(hostKeyKey(host));
      return item === null ? null : keyIn(item);
    },
    async findReplaced(host, { kid }, sentAt) {
      const item = await table.get(hostKeyKey(host));
      if (item === null || item.kid === kid || String(item.sentAt) > sentAt) return null;
      return keyIn(item);
    },
    save: (host, key, sentAt) => table.putUnlessNewer({ ...hostKeyKey(host), ...key, sentAt }, 'sentAt'),
  };
}

function keyIn({ kid, x, y }: Readonly<Record<string, unknown>>): HostKey {
  return HostKey.parse({ kid, x, ...(y !== undefined && { y }) });
}
