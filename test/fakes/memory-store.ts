// A store in memory. It cannot show how a real service fails in the middle of a request, nor its delays.
import * as z from 'zod/mini';
import type { Desired, Store } from '../../agent-scripts/stores/store.ts';
import type { AnyStoreAccess, AnyStoreConnector } from '../../agent-scripts/stores/stores.ts';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';

/** Faults that a connector author could write. The contract must find each of them. */
export type PlantedFault =
  | 'noCopy'
  | 'restoreOnce'
  | 'noCollect'
  | 'overwrites'
  | 'leavesDryRun'
  | 'halfPair';

const Plan = z.strictObject({
  entry: z.string(),
  copy: z.string(),
  /** The copy of the version that a rollback installs. */
  from: z.nullable(z.string()),
  generation: z.int(),
  hadVersion: z.boolean(),
});
type Plan = z.infer<typeof Plan>;

interface Entry {
  bundle: Bundle;
  generation: number;
}

/** The service: entries by name, each with a generation that rises with every write. */
export function memoryService() {
  const entries = new Map<string, Entry>();
  let all = 0;
  let changing = 0;
  let failing: number | null = null;
  return {
    entries,
    requests: () => ({ all, changing }),
    failFrom(request: number | null) {
      failing = request === null ? null : all + request;
    },
    async request<Result>(work: () => Result, changes = false): Promise<Result> {
      all += 1;
      if (failing !== null && all >= failing) {
        throw new CertferryError('StoreUnreachable', 'the store answers with an error');
      }
      if (changes) changing += 1;
      return work();
    },
    write(name: string, bundle: Bundle) {
      entries.set(name, { bundle, generation: (entries.get(name)?.generation ?? 0) + 1 });
    },
  };
}
type MemoryService = ReturnType<typeof memoryService>;

/** The connector of kind `memory`. */
export function memoryConnector(
  service: MemoryService,
  fault: PlantedFault | null = null,
): AnyStoreConnector {
  return {
    plan: Plan as z.ZodMiniType<unknown>,
    open: async (access) => memoryStore(service, access, fault) as Store<unknown>,
  };
}

function memoryStore(
  service: MemoryService,
  { config, deploymentId, targetId, credentials, signal }: AnyStoreAccess,
  fault: PlantedFault | null,
): Store<Plan> {
  const { entry } = config as { entry: string };
  const prefix = `${targetId}.copy.`;

  async function request<Result>(work: () => Result, changes = false): Promise<Result> {
    signal.throwIfAborted();
    if (credentials.token !== 'a-token-of-the-store')
      throw new CertferryError('CredentialRefused', 'the token is wrong');
    return service.request(work, changes);
  }
  const read = (name: string) => request(() => service.entries.get(name) ?? null);
  const write = (name: string, bundle: Bundle) => request(() => service.write(name, bundle), true);
  const remove = (name: string) => request(() => service.entries.delete(name), true);

  async function bundleFor(desired: Desired<Plan>): Promise<Bundle> {
    if (desired.kind === 'bundle') return desired.bundle;
    const copy = await read(desired.of.copy);
    if (copy === null)
      throw new CertferryError('RestoreFailed', `the copy ${desired.of.copy} does not exist`);
    return copy.bundle;
  }

  async function requireGeneration({ generation }: Plan): Promise<void> {
    const found = (await read(entry))?.generation ?? 0;
    if (found !== generation && fault !== 'overwrites')
      throw new CertferryError('StoreConflict', `another program has changed ${entry}`);
  }

  return {
    async observe() {
      const found = (await read(entry))?.bundle ?? null;
      return {
        version: found === null ? null : factsOfPem([found.leaf, ...found.chain].join('')),
        matches: (bundle) => JSON.stringify(found) === JSON.stringify(bundle),
      };
    },
    async plan(desired) {
      const found = await read(entry);
      return {
        plan: {
          entry,
          copy: `${prefix}${deploymentId}`,
          from: desired.kind === 'previous' ? desired.of.copy : null,
          generation: found?.generation ?? 0,
          hadVersion: found !== null,
        },
        previousVersion:
          found === null ? null : factsOfPem([found.bundle.leaf, ...found.bundle.chain].join('')),
        warnings: [],
      };
    },
    async validate(_, desired) {
      await bundleFor(desired);
      if (fault === 'leavesDryRun') await write(`${prefix}check`, await bundleFor(desired));
      return { kind: 'accepted' };
    },
    async apply(plan, desired) {
      const next = await bundleFor(desired);
      const found = await read(entry);
      await requireGeneration(plan);
      if (found !== null && fault !== 'noCopy') await write(plan.copy, found.bundle);
      if (fault === 'halfPair' && found !== null) await write(entry, { ...next, key: found.bundle.key });
      await write(entry, next);
    },
    async restore(plan) {
      const found = await read(entry);
      const copy = await read(plan.copy);
      if (found?.generation === plan.generation) return;
      if (!plan.hadVersion) {
        await remove(entry);
        return;
      }
      // the copy precedes every change of this deployment, so another program has made this one
      if (copy === null) throw new CertferryError('StoreConflict', `another program has changed ${entry}`);
      if (JSON.stringify(found?.bundle) === JSON.stringify(copy.bundle)) return;
      if (fault === 'restoreOnce') await remove(plan.copy);
      await write(entry, copy.bundle);
    },
    async collect(kept) {
      if (fault === 'noCollect') return;
      const needed = new Set(kept.flatMap((plan) => [plan.copy, plan.from]));
      const names = await request(() => [...service.entries.keys()]);
      for (const name of names) if (name.startsWith(prefix) && !needed.has(name)) await remove(name);
    },
    repair: () => [`store copy ${prefix}${deploymentId} ${entry}`],
    close: async () => undefined,
  };
}
