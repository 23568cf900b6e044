import type { Repair } from '../../core/deployment/agent-line.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError, type ErrorName, isCertferryError } from '../../core/errors.ts';
import { withStore } from './open-store.ts';
import type { Store } from './store.ts';
import type { StoreChange } from './store-home.ts';
import { planOf, type StoreRun } from './store-run.ts';

/**
 * The result of a restore.
 *
 * - `restored`: the store has the previous version. `found`: the version before the restore, if it could be read.
 * - `foreign`: another program has installed a version since, which stays.
 * - `failed`: the store has an unknown state. `final`: no later attempt can restore it.
 */
export type StoreRestore =
  | { readonly kind: 'restored'; readonly found: Found }
  | { readonly kind: 'foreign'; readonly version: VersionFacts; readonly why: string }
  | {
      readonly kind: 'failed';
      readonly reason: ErrorName;
      readonly why: string;
      readonly repair: Repair | null;
      readonly final: boolean;
    };

type Found = { readonly version: VersionFacts | null } | null;

/** Whether two facts are of the same version, or both of none. */
export const isSameVersion = (one: VersionFacts | null, other: VersionFacts | null): boolean =>
  one?.fingerprint === other?.fingerprint;

/** A version in a sentence. */
export const versionText = (version: VersionFacts | null): string =>
  version === null ? 'no readable certificate' : `the leaf ${version.fingerprint}`;

/** The commands of a connector as an instruction. */
export const repairOf = (commands: readonly string[]): Repair => ({ files: [], commands: [...commands] });

/**
 * Restores the state before a change, with a deadline of its own, and reads the store back. The caller's journal makes the
 * next run repeat an interrupted restore. `repair`: the instructions if the store cannot be opened.
 */
export async function restoreChange(
  run: StoreRun,
  change: StoreChange,
  repair: Repair | null,
): Promise<StoreRestore> {
  let known = repair;
  try {
    return await withStore(run, run.deadlines.restore, (store) => {
      const plan = planOf(run, change);
      known = repairOf(store.repair(plan));
      return restore(store, plan, change);
    });
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const final = error.name === 'Irreversible';
    return { kind: 'failed', reason: error.name, why: error.message, repair: known, final };
  }
}

async function restore(store: Store<unknown>, plan: unknown, change: StoreChange): Promise<StoreRestore> {
  const found = await versionIn(store);
  try {
    await store.restore(plan);
  } catch (error) {
    if (!isCertferryError(error) || error.name !== 'StoreConflict') throw error;
    const now = (await versionIn(store))?.version ?? null;
    if (now === null || isSameVersion(now, change.version) || isSameVersion(now, change.previousVersion))
      throw error;
    return { kind: 'foreign', version: now, why: error.message };
  }
  const { version } = await store.observe();
  if (isSameVersion(version, change.previousVersion)) return { kind: 'restored', found };
  throw new CertferryError(
    'RestoreFailed',
    `after the restore, the store has ${versionText(version)} instead of ${versionText(change.previousVersion)}`,
  );
}

/** Null if the version cannot be read now. The restore itself decides what that means. */
async function versionIn(store: Store<unknown>): Promise<Found> {
  try {
    return { version: (await store.observe()).version };
  } catch {
    return null;
  }
}
