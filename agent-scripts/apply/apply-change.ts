import type { AgentLine, Repair } from '../../core/deployment/agent-line.ts';
import { CertferryError } from '../../core/errors.ts';
import type { ActivationResult } from '../activations/activator.ts';
import { activateChange } from '../change/activate-change.ts';
import type { Change } from '../change/change.ts';
import { checkInstalled, containerOfChange } from '../change/container-files.ts';
import type { PlannedChange } from '../change/plan.ts';
import { backUp, installStagedFiles } from '../files/commit.ts';
import { copyStaged } from '../files/copies.ts';
import { requireReplaceable } from '../files/replaceable.ts';
import { restoreFiles } from '../files/restore.ts';
import { stageFiles } from '../files/stage.ts';
import { digestOfFile } from '../host/digest.ts';
import { withFileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { type CommandResult, describeCommand, succeeded } from '../host/run-command.ts';
import { writeJournal } from '../journal/journal.ts';
import { checkStagedFiles } from '../validation/check-staged-files.ts';
import { type Rehearsal, rehearse } from '../validation/rehearsal.ts';
import { discardChange } from './discard-change.ts';
import { repairInPlace, replacedInPlaceWarnings, unknownPrevious } from './in-place.ts';
import { undoChange } from './undo-change.ts';

/** The result of a change. After `applied`, `reload_failed` and `rollback_failed` the caller writes the receipt. */
export interface ApplyResult {
  readonly outcome: Extract<
    AgentLine['outcome'],
    'validated' | 'validate_unsupported' | 'validate_failed' | 'applied' | 'reload_failed' | 'rollback_failed'
  >;
  readonly summary: string;
  /** An error name; absent unless the outcome is a failure. */
  readonly reason?: AgentLine['reason'];
  readonly validatedIn: NonNullable<AgentLine['validatedIn']>;
  readonly warnings: readonly string[];
  readonly repair: Repair | null;
}

/**
 * Result of the daemon's check of the staged files. `postponed`: the check can only run after the files are installed,
 * for the reason `why`.
 */
type Check =
  | { readonly kind: 'accepted'; readonly validatedIn: 'sandbox' }
  | { readonly kind: 'refused'; readonly validatedIn: 'sandbox'; readonly command: CommandResult }
  | { readonly kind: 'unsupported'; readonly validatedIn: 'none' }
  | {
      readonly kind: 'postponed';
      readonly validatedIn: 'in_place';
      readonly why: string;
      readonly argv: readonly string[];
    };

/**
 * Makes a planned change: journal → stage → validate → rehearse → back up → commit → activate. Each failure reverses the
 * previous steps. If the agent is killed, the journal shows `recover` what to reverse.
 * @throws CertferryError PlanInvalid, StagingFailed, CommitFailed; the live files are unchanged
 */
export async function applyChange(home: Home, planned: PlannedChange, dryRun: boolean): Promise<ApplyResult> {
  const { change, contents } = planned;
  requireReplaceable(home, change, contents);
  writeJournal(home, 'staging', change);
  const check = await stageAndCheck(home, planned);
  if (check.kind === 'refused') return refuseStaged(home, change, describeCommand(check.command));
  const rehearsal = change.sandbox === null ? null : await rehearseIfSupported(home, change, change.sandbox);
  if (rehearsal?.kind === 'failed') return refuseStaged(home, change, rehearsal.why);
  const warnings = rehearsal?.kind === 'unavailable' ? [`not rehearsed: ${rehearsal.why}`] : [];
  const result = dryRun ? finishDryRun(home, change, check) : await install(home, planned, check);
  return { ...result, warnings: [...result.warnings, ...warnings] };
}

async function install(home: Home, planned: PlannedChange, check: Check): Promise<ApplyResult> {
  const { change } = planned;
  commit(home, change);
  if (check.kind === 'postponed') {
    const command = await checkInstalled(change, check.argv, planned.validateInput);
    if (!succeeded(command)) return refuseInstalled(home, change, command);
  }
  return activateInstalled(home, change, check);
}

/** If a rehearsal is not possible, the deployment continues with a warning. */
async function rehearseIfSupported(
  home: Home,
  change: Change,
  sandbox: readonly string[],
): Promise<Rehearsal> {
  if (sandbox.length > 0) return rehearse(home, change, sandbox);
  return { kind: 'unavailable', why: 'this kind of target does not support rehearsals' };
}

async function stageAndCheck(home: Home, planned: PlannedChange): Promise<Check> {
  try {
    stageFiles(planned);
    return await checkStaged(home, planned);
  } catch (error) {
    discardChange(home, planned.change);
    throw error;
  }
}

async function checkStaged(home: Home, { change, validateInput }: PlannedChange): Promise<Check> {
  if (change.validate === null) return { kind: 'unsupported', validatedIn: 'none' };
  const container = containerOfChange(change);
  if (container !== null) {
    const why = `container ${container} sees only installed files`;
    return { kind: 'postponed', validatedIn: 'in_place', why, argv: change.validate };
  }
  const check = await checkStagedFiles(home, change, { argv: change.validate, input: validateInput });
  if (check.kind === 'unavailable') {
    return { kind: 'postponed', validatedIn: 'in_place', why: check.why, argv: change.validate };
  }
  return succeeded(check.command)
    ? { kind: 'accepted', validatedIn: 'sandbox' }
    : { kind: 'refused', validatedIn: 'sandbox', command: check.command };
}

function commit(home: Home, change: Change): void {
  try {
    requireMergedAsPlanned(change);
    backUp(change);
    copyStaged(home, change);
    writeJournal(home, 'committing', change);
    installStagedFiles(change);
  } catch (error) {
    restoreLiveFiles(change);
    discardChange(home, change);
    throw new CertferryError(
      'CommitFailed',
      `the new files could not be installed (${(error as Error).message}); the previous files remain in use`,
      { details: { paths: change.files.map((file) => file.path) }, cause: error },
    );
  }
}

/** A file with entries of others must not lose an entry that another program has added since it was read. */
function requireMergedAsPlanned({ files, fileUser, inPlace }: Change): void {
  if (inPlace !== undefined) return;
  const changed = withFileUser(fileUser, () =>
    files.find((file) => file.merged === true && digestOfFile(file.path) !== (file.previous?.digest ?? null)),
  );
  if (changed !== undefined) throw new Error(`another program has changed ${changed.path} meanwhile`);
}

/**
 * Restores what the live files contained before the job, as long as the daemon has not read the new ones. In place, that is
 * the new version.
 */
function restoreLiveFiles(change: Change): void {
  if (change.inPlace === undefined) restoreFiles(change);
}

async function activateInstalled(home: Home, change: Change, check: Check): Promise<ApplyResult> {
  // a container always sees installed files only, so a warning would say nothing new
  const isUnusual = check.kind === 'postponed' && containerOfChange(change) === null;
  const warnings = isUnusual ? [`validated only after the files were installed: ${check.why}`] : [];
  const result = { validatedIn: check.validatedIn, warnings } as const;
  const activation = change.activate === null ? null : await activateChange(change.activate, change);
  if (activation === null || activation.ok) {
    return { ...result, outcome: 'applied', summary: appliedSummary(change), repair: null };
  }
  const undone = await undoFailedActivation(home, change, activation);
  return { ...result, ...undone, warnings: [...warnings, ...undone.warnings] };
}

async function undoFailedActivation(home: Home, change: Change, { detail, keptPrevious }: ActivationResult) {
  if (change.inPlace === 'unknown') {
    const summary = `reload failed (${detail}), and ${unknownPrevious}`;
    const repair = repairInPlace(change);
    return { outcome: 'rollback_failed', summary, reason: 'NoReceipt', repair, warnings: [] } as const;
  }
  const undo = await undoChange(home, change, keptPrevious);
  const warnings = replacedInPlaceWarnings(home, change);
  if (undo.kind === 'failed') {
    const summary = `reload failed (${detail}) and rollback failed: ${undo.why}`;
    return {
      outcome: 'rollback_failed',
      summary,
      reason: undo.reason,
      repair: undo.repair,
      warnings,
    } as const;
  }
  const state = keptPrevious
    ? 'previous files restored, which the daemon still uses'
    : 'previous files restored, daemon reloaded';
  const summary = `reload failed, ${state}: ${detail}`;
  return { outcome: 'reload_failed', summary, reason: 'ReloadFailed', repair: null, warnings } as const;
}

function refuseStaged(home: Home, change: Change, why: string): ApplyResult {
  discardChange(home, change);
  return {
    outcome: 'validate_failed',
    summary: `staged files refused, live files unchanged: ${why}`,
    reason: 'ValidationFailed',
    validatedIn: 'sandbox',
    warnings: [],
    repair: null,
  };
}

/** The daemon has not read the new files yet, so restoring the previous ones needs no reload. */
function refuseInstalled(home: Home, change: Change, command: CommandResult): ApplyResult {
  restoreLiveFiles(change);
  discardChange(home, change);
  const files =
    change.inPlace === undefined
      ? 'previous files restored before any reload'
      : 'deployed in place, no reload';
  return {
    outcome: 'validate_failed',
    summary: `new files refused, ${files}: ${describeCommand(command)}`,
    reason: 'ValidationFailed',
    validatedIn: 'in_place',
    warnings: [],
    repair: null,
  };
}

function finishDryRun(home: Home, change: Change, check: Check): ApplyResult {
  discardChange(home, change);
  const isAccepted = check.kind === 'accepted';
  return {
    outcome: isAccepted ? 'validated' : 'validate_unsupported',
    summary: dryRunSummary(check),
    validatedIn: isAccepted ? 'sandbox' : 'none',
    warnings: [],
    repair: null,
  };
}

function dryRunSummary(check: Check): string {
  if (check.kind === 'accepted') return 'the daemon accepts the staged files; nothing was changed';
  if (check.kind === 'postponed')
    return `the daemon can check only installed files (${check.why}); nothing was changed`;
  return 'the bundle is valid; the daemon has no check of its own';
}

function appliedSummary(change: Change): string {
  const count = `${change.files.length} ${change.files.length === 1 ? 'file' : 'files'} installed`;
  const files =
    change.inPlace === undefined ? count : 'deployed in place: the files already had this version';
  return change.activate === null ? `${files}; the daemon detects them itself` : `${files}, daemon reloaded`;
}
