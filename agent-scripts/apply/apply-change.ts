import type { AgentLine, Repair } from '../../core/deployment/agent-line.ts';
import { CertferryError } from '../../core/errors.ts';
import { activate } from '../activations/activation.ts';
import type { Change } from '../change/change.ts';
import type { PlannedChange } from '../change/plan.ts';
import { backUp, installStagedFiles } from '../files/commit.ts';
import { restoreFiles } from '../files/restore.ts';
import { stageFiles } from '../files/stage.ts';
import type { Home } from '../host/home.ts';
import { type CommandResult, describeCommand, runCommand, succeeded } from '../host/run-command.ts';
import { writeJournal } from '../journal/journal.ts';
import { checkStagedFiles } from '../validation/check-staged-files.ts';
import { type Rehearsal, rehearse } from '../validation/rehearsal.ts';
import { discard } from './recover.ts';
import { undoChange } from './undo-change.ts';

/** How a change ended. With `applied`, `reload_failed` and `rollback_failed` the journal is open for the receipt. */
export interface ApplyResult {
  readonly outcome: Extract<
    AgentLine['outcome'],
    'validated' | 'validate_unsupported' | 'validate_failed' | 'applied' | 'reload_failed' | 'rollback_failed'
  >;
  readonly summary: string;
  readonly validatedIn: NonNullable<AgentLine['validatedIn']>;
  readonly warnings: readonly string[];
  readonly repair: Repair | null;
}

/** What the daemon's check said before the live files were touched. */
type Verdict =
  | { readonly kind: 'accepted'; readonly where: 'private' }
  | { readonly kind: 'refused'; readonly where: 'private'; readonly command: CommandResult }
  | { readonly kind: 'unasked'; readonly where: 'none' }
  | {
      readonly kind: 'open';
      readonly where: 'place';
      readonly why: string;
      readonly argv: readonly string[];
    };

/**
 * stage → validate in private → journal → back up → rename → activate; each step undone when a later one fails.
 * What a death at any instruction leaves behind is told by the journal and mended by `recover`.
 * @throws CertferryError StagingFailed, CommitFailed: the live files are as they were
 */
export async function applyChange(home: Home, planned: PlannedChange, dryRun: boolean): Promise<ApplyResult> {
  const { change } = planned;
  writeJournal(home, 'staging', change);
  const verdict = await stageAndJudge(home, planned);
  if (verdict.kind === 'refused') return refused(home, change, describeCommand(verdict.command));
  const rehearsal = change.sandbox === null ? null : await rehearseOrSay(home, change, change.sandbox);
  if (rehearsal?.kind === 'failed') return refused(home, change, rehearsal.why);
  const notes = rehearsal?.kind === 'unavailable' ? [`not rehearsed: ${rehearsal.why}`] : [];
  return withWarnings(notes, dryRun ? dryRunEnd(home, change, verdict) : await goLive(home, change, verdict));
}

async function goLive(home: Home, change: Change, verdict: Verdict): Promise<ApplyResult> {
  commit(home, change);
  if (verdict.kind === 'open') {
    const check = await runCommand(verdict.argv, change.commandTimeoutSeconds);
    if (!succeeded(check)) return refusedInPlace(home, change, check);
  }
  return bringIn(home, change, verdict);
}

function withWarnings(more: readonly string[], applied: ApplyResult): ApplyResult {
  return more.length === 0 ? applied : { ...applied, warnings: [...applied.warnings, ...more] };
}

/** A kind without a sandbox, and a failure of our own, are said and stop nothing: the deployment goes on unrehearsed. */
async function rehearseOrSay(home: Home, change: Change, sandbox: readonly string[]): Promise<Rehearsal> {
  if (sandbox.length === 0) return { kind: 'unavailable', why: 'this kind of target has no sandbox' };
  return rehearse(home, change, sandbox);
}

async function stageAndJudge(home: Home, planned: PlannedChange): Promise<Verdict> {
  try {
    stageFiles(planned);
    return await judge(home, planned.change);
  } catch (error) {
    discard(home, planned.change);
    throw error;
  }
}

async function judge(home: Home, change: Change): Promise<Verdict> {
  if (change.validate === null) return { kind: 'unasked', where: 'none' };
  const verdict = await checkStagedFiles(home, change, change.validate);
  if (verdict.kind === 'unavailable') {
    return { kind: 'open', where: 'place', why: verdict.why, argv: change.validate };
  }
  return succeeded(verdict.command)
    ? { kind: 'accepted', where: 'private' }
    : { kind: 'refused', where: 'private', command: verdict.command };
}

function commit(home: Home, change: Change): void {
  try {
    backUp(change);
    writeJournal(home, 'committing', change);
    installStagedFiles(change);
  } catch (error) {
    restoreFiles(change);
    discard(home, change);
    throw new CertferryError(
      'CommitFailed',
      `the new files could not be put in place (${(error as Error).message}); the old ones are there as before`,
      { details: { paths: change.files.map((file) => file.path) }, cause: error },
    );
  }
}

async function bringIn(home: Home, change: Change, verdict: Verdict): Promise<ApplyResult> {
  const warnings = verdict.kind === 'open' ? [inPlaceWarning(verdict.why)] : [];
  const done = { validatedIn: verdict.where, warnings } as const;
  const reload =
    change.activate === null ? null : await activate(change.activate, change.commandTimeoutSeconds);
  if (reload === null || reload.ok) {
    return { ...done, outcome: 'applied', summary: appliedSummary(change), repair: null };
  }
  const undoing = await undoChange(home, change, reload.kept);
  if (undoing.kind === 'restored') {
    const back = reload.kept ? 'are back, which the daemon never left' : 'are back and reloaded';
    const summary = `the reload failed and the old files ${back}: ${reload.told}`;
    return { ...done, outcome: 'reload_failed', summary, repair: null };
  }
  const summary = `the reload failed (${reload.told}), and so did going back: ${undoing.why}`;
  return { ...done, outcome: 'rollback_failed', summary, repair: undoing.repair };
}

function refused(home: Home, change: Change, why: string): ApplyResult {
  discard(home, change);
  return {
    outcome: 'validate_failed',
    summary: `the staged files were refused, the live ones never touched: ${why}`,
    validatedIn: 'private',
    warnings: [],
    repair: null,
  };
}

/** The daemon has read nothing yet, so the old inodes go back without a reload. */
function refusedInPlace(home: Home, change: Change, command: CommandResult): ApplyResult {
  restoreFiles(change);
  discard(home, change);
  return {
    outcome: 'validate_failed',
    summary: `the new files were refused and the old ones put back before any reload: ${describeCommand(command)}`,
    validatedIn: 'place',
    warnings: [],
    repair: null,
  };
}

function dryRunEnd(home: Home, change: Change, verdict: Verdict): ApplyResult {
  discard(home, change);
  const accepted = verdict.kind === 'accepted';
  return {
    outcome: accepted ? 'validated' : 'validate_unsupported',
    summary: accepted
      ? 'the daemon accepts the staged files; nothing was changed'
      : verdict.kind === 'open'
        ? `the daemon cannot be asked without touching live files: ${verdict.why}`
        : 'this target has no check of its own; the bundle itself is in order',
    validatedIn: accepted ? 'private' : 'none',
    warnings: [],
    repair: null,
  };
}

function inPlaceWarning(why: string): string {
  return `validated after the files were in place, not before: ${why}`;
}

function appliedSummary(change: Change): string {
  const files = `${change.files.length} files in place`;
  return change.activate === null ? `${files}; the daemon watches them itself` : `${files}, daemon reloaded`;
}
