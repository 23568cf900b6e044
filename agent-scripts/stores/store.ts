import type * as z from 'zod/mini';
import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import type { ConfigOf, StoreKind } from '../../core/targets/kinds/kinds.ts';

/**
 * A store connector installs a certificate through the API of a service, or over a connection. It sees only the service: the
 * folder `stores` writes journal and receipts, checks the fence, observes the deadline and decides the outcome, in the same
 * way for every kind.
 *
 * The rules that make each moment safe:
 *
 * - `plan` only reads. It returns everything that `restore` needs, as JSON without secrets. The journal has it before
 *   `apply` sends its first change.
 * - `validate`, `apply` and `restore` can be interrupted after any request and repeated. `restore` reaches the previous
 *   state from every state that an interrupted `apply` can leave, also from none.
 * - `apply` first makes durable what `restore` needs (a copy of the previous version in or beside the store).
 * - A change of another writer since `plan` is an error (`StoreConflict`), never overwritten.
 */
export interface StoreConnector<Kind extends StoreKind, Plan> {
  /** The schema of a plan, as journal and receipts keep it. */
  readonly plan: z.ZodMiniType<Plan>;
  /**
   * Connects. Sends no credential to a service that it has not authenticated.
   * @throws CertferryError StoreUnreachable, StoreRefused, CredentialRefused, ServerNotTrusted
   */
  open(access: StoreAccess<Kind>): Promise<Store<Plan>>;
}

/** What a connector gets for one job. */
export interface StoreAccess<Kind extends StoreKind> {
  readonly config: ConfigOf<Kind>;
  readonly targetId: string;
  /** Unique; names of objects in the store may be derived from it. Up to 80 characters of `[A-Za-z0-9_-]`. */
  readonly deploymentId: string;
  /** The name of the certificate. */
  readonly certificate: string;
  readonly credentials: CredentialValues;
  readonly previous: PreviousBundles;
  /** The plans in the journal and in the receipts of this target, latest first: what earlier runs have recorded. */
  readonly recorded?: readonly unknown[];
  /** Aborted at the deadline of the step. Pass it to every request: no request may start or wait after it. */
  readonly signal: AbortSignal;
}

/** Bundles of earlier versions with their keys, for a store that does not return keys. */
export interface PreviousBundles {
  /** Null if no source has this version any more. */
  find(fingerprint: string): Promise<Bundle | null>;
}

/** What is to be installed: a new version, or the version that an earlier plan replaced (job `rollback`). */
export type Desired<Plan> =
  | { readonly kind: 'bundle'; readonly bundle: Bundle; readonly version: VersionFacts }
  | { readonly kind: 'previous'; readonly of: Plan };

/** What a store has now. `version`: null if it has no certificate, or one that cannot be read. */
export interface StoreState {
  readonly version: VersionFacts | null;
  /** Whether the store has exactly this bundle and all that `apply` sets beside it. Compares meaning, not bytes. */
  matches(bundle: Bundle): boolean;
}

/** What a connector intends to do. */
export interface PlannedStoreChange<Plan> {
  readonly plan: Plan;
  /** The version that `restore` returns to. Null: there was none, and `restore` removes what `apply` created. */
  readonly previousVersion: VersionFacts | null;
  readonly warnings: readonly string[];
}

/** The service's own check of the change. `unsupported`: the service has no check without a change. */
export type StoreCheck =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unsupported'; readonly why: string };

/** One open connection. Every method may throw the errors of `open`, and StoreConflict. */
export interface Store<Plan> {
  observe(): Promise<StoreState>;
  /** @throws CertferryError PlanInvalid, Irreversible if the previous version could not be restored and that is not allowed */
  plan(desired: Desired<Plan>): Promise<PlannedStoreChange<Plan>>;
  /** Leaves nothing in the store. */
  validate(plan: Plan, desired: Desired<Plan>): Promise<StoreCheck>;
  /** Installs and activates. After it returns, `observe` reports the desired version. */
  apply(plan: Plan, desired: Desired<Plan>): Promise<void>;
  /** Installs and activates the state before `plan`, and removes what an interrupted `apply` left. */
  restore(plan: Plan): Promise<void>;
  /**
   * Removes what earlier deployments left in the store and no receipt needs. `kept`: the plans of all receipts that can
   * still be rolled back to, of this target. A failure becomes a warning.
   */
  collect(kept: readonly Plan[]): Promise<void>;
  /** The commands with which an operator completes a rollback by hand. Without secrets. */
  repair(plan: Plan): readonly string[];
  close(): Promise<void>;
}
