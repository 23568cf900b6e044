import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { Baseline } from '../../core/deployment/baseline.ts';
import { CertferryError, type ErrorName, isCertferryError } from '../../core/errors.ts';
import { resultLine } from '../journal/result-line.ts';
import { recordResult } from './record-result.ts';
import { isSameVersion, repairOf, restoreChange, type StoreRestore, versionText } from './restore-change.ts';
import { collectOld } from './retention.ts';
import { servedFromHere } from './served-from-here.ts';
import type { Desired, PlannedStoreChange, Store, StoreCheck } from './store.ts';
import type { StoreChange, StoreReceipt } from './store-home.ts';
import { planOf, type StoreRun } from './store-run.ts';

/** A version that is about to be installed. `origin`: see `Receipt`. `receipts`: all those before this deployment. */
export interface Installation {
  readonly desired: Desired<unknown>;
  readonly planned: PlannedStoreChange<unknown>;
  readonly change: StoreChange;
  readonly receipts: readonly StoreReceipt[];
  readonly origin: string;
  readonly baseline: Baseline | null;
}

/**
 * Lets the service check a planned change, then journal → apply → read back → receipt. Each failure restores the previous version. If
 * the run dies, the journal shows `recoverChange` what to restore.
 * @throws CertferryError the errors of the connector, and of the home; the store is unchanged
 */
export async function installVersion(
  run: StoreRun,
  store: Store<unknown>,
  installation: Installation,
): Promise<AgentLine> {
  const { desired, change } = installation;
  const plan = planOf(run, change);
  const check = await store.validate(plan, desired);
  if (check.kind === 'refused') return recordRefused(run, installation, check.why);
  await run.home.writeJournal({ v: 1, phase: 'applying', change });
  try {
    await store.apply(plan, desired);
    await requireInstalled(store, installation);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return reverse(run, installation, { error, repair: store.repair(plan), check });
  }
  const line = lineOf(installation, {
    outcome: 'applied',
    summary: 'the store has the new version',
    version: change.version,
    validatedIn: validatedIn(check),
    served: await servedFromHere(change.verify, change.version),
  });
  await recordResult(run, line, { ...installation, change });
  await run.home.closeJournal();
  const uncollected = await collectOld(run, store);
  return { ...line, warnings: [...line.warnings, ...uncollected] };
}

/** The result of a dry run. */
export function checkedLine(installation: Installation, check: StoreCheck): AgentLine {
  const { previousVersion: version } = installation.change;
  if (check.kind === 'refused') return refusedLine(installation, check.why);
  const isAccepted = check.kind === 'accepted';
  return lineOf(installation, {
    outcome: isAccepted ? 'validated' : 'validate_unsupported',
    summary: isAccepted
      ? 'the service accepts the new version; nothing was changed'
      : `the bundle is valid; the service cannot check it without a change (${check.why})`,
    version,
    validatedIn: validatedIn(check),
  });
}

const validatedIn = ({ kind }: StoreCheck) => (kind === 'accepted' ? 'sandbox' : 'none');

function refusedLine(installation: Installation, why: string): AgentLine {
  return lineOf(installation, {
    outcome: 'validate_failed',
    summary: `the service refused the new version, and nothing was changed: ${why}`,
    reason: 'ValidationFailed',
    version: installation.change.previousVersion,
    validatedIn: 'sandbox',
  });
}

async function recordRefused(run: StoreRun, installation: Installation, why: string): Promise<AgentLine> {
  const line = refusedLine(installation, why);
  await recordResult(run, line, { ...installation, change: null });
  return line;
}

function lineOf(
  { planned, change, baseline }: Installation,
  fields: Parameters<typeof resultLine>[1],
): AgentLine {
  return resultLine(change, {
    ...fields,
    previousVersion: change.previousVersion,
    warnings: [...planned.warnings, ...(fields.warnings ?? [])],
    ...(baseline !== null && { baseline }),
  });
}

/** @throws CertferryError StoreRefused if the store does not have the version that was applied */
async function requireInstalled(store: Store<unknown>, { desired, change }: Installation): Promise<void> {
  const state = await store.observe();
  if (!isSameVersion(state.version, change.version)) {
    throw new CertferryError(
      'StoreRefused',
      `after the change, the store has ${versionText(state.version)} instead of ${versionText(change.version)}`,
    );
  }
  if (desired.kind === 'bundle' && !state.matches(desired.bundle)) {
    throw new CertferryError(
      'StoreRefused',
      `after the change, the store has ${versionText(change.version)}, but not with the chain, the key or the settings of this deployment`,
    );
  }
}

interface Failure {
  readonly error: CertferryError;
  readonly repair: readonly string[];
  readonly check: StoreCheck;
}

/** The answer of the service, or of the connector, shows that the failed request changed nothing. */
const definite: ReadonlySet<ErrorName> = new Set([
  'StoreRefused',
  'StoreConflict',
  'CredentialRefused',
  'ServerNotTrusted',
  'PlanInvalid',
  'Irreversible',
]);

async function reverse(run: StoreRun, installation: Installation, failure: Failure): Promise<AgentLine> {
  const { change } = installation;
  await keepJournal(run, change);
  const restored = await restoreChange(run, change, repairOf(failure.repair));
  const fields = reversals[restored.kind](restored as never, failure, change);
  const line = lineOf(installation, { ...fields, validatedIn: validatedIn(failure.check) });
  const hasFailed = restored.kind === 'failed';
  await recordResult(run, line, { ...installation, change: hasFailed ? change : null });
  if (!hasFailed || restored.final) await run.home.closeJournal();
  return line;
}

/** The errors of a home that another run has taken over. That run restores the previous version itself. */
export const takenOver: ReadonlySet<ErrorName> = new Set(['StaleFence', 'HostBusy']);

/**
 * Requires that no other run has taken over this target. A restore must not depend on any other failure of the home.
 * @throws CertferryError StaleFence, HostBusy
 */
async function keepJournal({ home }: StoreRun, change: StoreChange): Promise<void> {
  try {
    await home.writeJournal({ v: 1, phase: 'undoing', change });
  } catch (error) {
    if (isCertferryError(error) && takenOver.has(error.name)) throw error;
  }
}

type Reversal<Kind extends StoreRestore['kind']> = (
  restored: Extract<StoreRestore, { readonly kind: Kind }>,
  failure: Failure,
  change: StoreChange,
) => Parameters<typeof resultLine>[1];

/** The outcome of a change that failed, by the result of its restore. */
const reversals: { readonly [Kind in StoreRestore['kind']]: Reversal<Kind> } = {
  restored({ found }, { error }, { previousVersion: version }) {
    const wasChanged = found === null || !isSameVersion(found.version, version) || !definite.has(error.name);
    return wasChanged
      ? {
          outcome: 'reload_failed',
          summary: `the new version could not be installed, and the previous version is restored: ${error.message}`,
          reason: error.name,
          version,
        }
      : {
          outcome: 'rejected',
          summary: `the store still has its previous version: ${error.message}`,
          reason: error.name,
          version,
        };
  },
  foreign: ({ version }, { error }) => ({
    outcome: 'rejected',
    summary: `another program has changed the store, and its version remains: ${error.message}`,
    reason: 'StoreConflict',
    version,
  }),
  failed: ({ reason, why, repair }, { error }) => ({
    outcome: 'rollback_failed',
    summary: `the new version could not be installed (${error.message}) and rollback failed: ${why}`,
    reason,
    version: null,
    repair,
  }),
};
