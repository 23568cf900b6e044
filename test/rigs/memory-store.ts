import '../fixtures/memory-kind.ts';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { StoreUnderContract } from '../contract/stores/store-site.ts';
import { memoryConnector, memoryService, type PlantedFault } from '../fakes/memory-store.ts';

/** The store in memory under the contract, also with a planted fault. */
export function memoryStoreWith(fault: PlantedFault | null): StoreUnderContract {
  return {
    title: fault === null ? 'memory' : `memory (${fault})`,
    kind: 'memory',
    tested: () => 'in memory',
    dryRun: 'validated',
    async start() {
      const service = memoryService();
      const entry = 'www';
      return {
        connector: memoryConnector(service, fault),
        config: { entry, token: { secretId: 'token' } },
        credentials: { token: 'a-token-of-the-store' },
        install: async (bundle) => service.write(entry, bundle),
        async installed() {
          const found = service.entries.get(entry)?.bundle ?? null;
          if (found === null) return null;
          if (!new X509Certificate(found.leaf).checkPrivateKey(createPrivateKey(found.key)))
            throw new Error('the key belongs to another leaf');
          return found;
        },
        objects: async () => [...service.entries.keys()].sort(),
        requests: service.requests,
        failFrom: service.failFrom,
        close: async () => undefined,
      };
    },
  };
}
