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

/** Connectors that a test uses instead of those of the product, by kind. */
export const storeConnectors = new Map<string, Promise<AnyStoreConnector>>();

/**
 * The connector of a kind in the table of kinds: `stores/<kind>/connector.ts` exports it under the name of the kind. It is loaded
 * when a job needs it, because the client of a service can be large.
 * @throws CertferryError InvalidTarget if this agent does not have the kind, StagingFailed if it cannot be loaded here
 */
export function storeConnectorOf(kind: string): Promise<AnyStoreConnector> {
  return storeConnectors.get(kind) ?? load(kind);
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
  const module: Readonly<Record<string, AnyStoreConnector>> = await import(`./${known}/connector.ts`).catch(
    (error: unknown) => notLoaded(known, error),
  );
  return module[known] as AnyStoreConnector;
}

function notLoaded(kind: string, cause: unknown): never {
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new CertferryError(
    'StagingFailed',
    `the connector of kind ${kind} cannot be loaded by Node ${process.versions.node} (${message}), and nothing was changed. Use the runtime that certferry delivers`,
    { details: { kind }, cause },
  );
}
