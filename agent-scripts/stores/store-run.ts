import type { CredentialValues, JobHeader } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { StoreTarget } from '../../core/targets/target.ts';
import type { VerifyPolicy } from '../../core/targets/verify.ts';
import type { PlannedStoreChange, PreviousBundles } from './store.ts';
import type { StoreChange, StoreHome } from './store-home.ts';
import type { AnyStoreConnector } from './stores.ts';

/** A job for a target in a store. `bundle` only with `deploy` and `validate`. */
export interface StoreJob {
  readonly header: JobHeader;
  readonly target: StoreTarget;
  readonly bundle: Bundle | null;
  readonly credentials: CredentialValues;
  readonly previous: PreviousBundles;
  /** The fingerprint of the version that a rollback may replace. Default: whichever is installed. */
  readonly replaces?: string | undefined;
  /** A fence may exceed the last one by this number. */
  readonly fenceStep: number;
}

/** What the engine reads of a target, whose kind only its connector knows. */
export interface AnyStoreTarget {
  readonly id: string;
  readonly certificate: string;
  readonly kind: string;
  readonly config: object;
  readonly verify: VerifyPolicy;
}

/**
 * Milliseconds. `change`: until a job has read, checked and changed the store. `restore`: until the previous version is
 * restored, from the beginning of that. `settle`: how long a connector may take to stop after a deadline.
 *
 * A job may recover an earlier one first. All of it, and the wait for the lock of a host, fit into the 600 seconds of the SSM
 * document.
 */
export interface StoreDeadlines {
  readonly change: number;
  readonly restore: number;
  readonly settle: number;
}

export const storeDeadlines: StoreDeadlines = { change: 140_000, restore: 90_000, settle: 5_000 };

/** One job, with everything that its steps need. */
export interface StoreRun {
  readonly home: StoreHome;
  readonly job: Omit<StoreJob, 'target'> & { readonly target: AnyStoreTarget };
  readonly connector: AnyStoreConnector;
  readonly deadlines: StoreDeadlines;
}

/** A change of this run's target. Its plan is what the journal will contain. @throws CertferryError PlanInvalid */
export function changeOf(
  { job: { header, target }, connector }: StoreRun,
  { plan, previousVersion }: PlannedStoreChange<unknown>,
  version: StoreChange['version'],
): StoreChange {
  const { deploymentId, targetId, fence } = header;
  const recorded = JSON.parse(JSON.stringify(plan));
  if (!connector.plan.safeParse(recorded).success) {
    throw new CertferryError(
      'PlanInvalid',
      `the plan for ${targetId} cannot be recorded, so nothing was changed; report this error of the kind ${target.kind}`,
    );
  }
  return {
    deploymentId,
    targetId,
    kind: target.kind,
    fence,
    plan: recorded,
    verify: target.verify,
    version,
    previousVersion,
  };
}

/** The plan of a recorded change. @throws CertferryError PlanInvalid if this agent cannot read it */
export function planOf({ connector, job }: StoreRun, { kind, plan, deploymentId }: StoreChange): unknown {
  const parsed = kind === job.target.kind ? connector.plan.safeParse(plan) : null;
  if (parsed?.success === true) return parsed.data;
  throw new CertferryError(
    'PlanInvalid',
    `this agent cannot read the recorded plan of deployment ${deploymentId} (kind ${kind}) for a target of kind ${job.target.kind}. Compare the store with the receipt, then remove the record`,
    { details: { deploymentId, kind } },
  );
}
