import type * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { isStoreKind, targetKinds } from '../../core/targets/kinds/kinds.ts';
import type { Store, StoreAccess } from './store.ts';

/** A connector of any kind. */
export interface AnyStoreConnector {
  readonly plan: z.ZodMiniType<unknown>;
  open(access: AnyStoreAccess): Promise<Store<unknown>>;
}

/** What a connector of any kind gets for one job. */
export type AnyStoreAccess = Omit<StoreAccess<never>, 'config'> & { readonly config: object };

/** The connectors that were loaded, by kind. A test may put its own here. */
export const storeConnectors = new Map<string, Promise<AnyStoreConnector>>();

/**
 * The connector of a kind in the table of kinds: `stores/<kind>/connector.ts` exports it under the name of the kind. It is loaded
 * when a job needs it, because the client of a service can be large.
 * @throws CertferryError InvalidTarget if this agent does not have the kind
 */
export function storeConnectorOf(kind: string): Promise<AnyStoreConnector> {
  const connector = storeConnectors.get(kind) ?? load(kind);
  storeConnectors.set(kind, connector);
  return connector;
}

async function load(kind: string): Promise<AnyStoreConnector> {
  const known = targetKinds.find((each) => each === kind);
  if (known === undefined || !isStoreKind(known)) {
    throw new CertferryError(
      'InvalidTarget',
      `this agent has no connector for targets of kind ${kind}; deploy the stack with the version of certferry that sends the job`,
      { details: { kind } },
    );
  }
  // esbuild bundles every file that matches. The compiler cannot follow a kind to the configuration of a target
  const module: Readonly<Record<string, AnyStoreConnector>> = await import(`./${known}/connector.ts`);
  return module[known] as AnyStoreConnector;
}
