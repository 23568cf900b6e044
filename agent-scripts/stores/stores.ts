import type * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import type { StoreKind } from '../../core/targets/kinds/kinds.ts';
import type { Store, StoreAccess, StoreConnector } from './store.ts';

/**
 * The only list of connectors for kinds in a store: one for each such kind in core. A connector is loaded when a job needs it,
 * because the client of a service can be large: `acm: async () => (await import('./acm/connector.ts')).acm`.
 */
const stores: { readonly [Kind in StoreKind]: () => Promise<StoreConnector<Kind, unknown>> } = {
  acm: async () => (await import('./acm/connector.ts')).acm,
  k8ssecret: async () => (await import('./k8ssecret/connector.ts')).k8ssecret,
  ssh: async () => (await import('./ssh/connector.ts')).ssh,
  f5: async () => (await import('./f5/connector.ts')).f5,
};

/** A connector of any kind. */
export interface AnyStoreConnector {
  readonly plan: z.ZodMiniType<unknown>;
  open(access: AnyStoreAccess): Promise<Store<unknown>>;
}

/** What a connector of any kind gets for one job. */
export type AnyStoreAccess = Omit<StoreAccess<never>, 'config'> & { readonly config: object };

/**
 * The connector of a kind.
 * @throws CertferryError InvalidTarget if this agent has none
 */
export async function storeConnectorOf(kind: string): Promise<AnyStoreConnector> {
  const table: Readonly<Record<string, () => Promise<unknown>>> = stores;
  const load = Object.hasOwn(table, kind) ? table[kind] : undefined;
  if (load === undefined) {
    throw new CertferryError(
      'InvalidTarget',
      `this agent has no connector for targets of kind ${kind}; deploy the stack with the version of certferry that sends the job`,
      { details: { kind } },
    );
  }
  // the compiler cannot follow a kind from the table to the configuration of a target
  return (await load()) as AnyStoreConnector;
}

/** Lets a test add a connector to the table. */
export const storeTable: object = stores;
