import { counted } from '../../core/counted.ts';
import { knownLeaf, needsAction, type TargetStatus } from '../../core/drift/target-status.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Listing, listingLines } from './listing.ts';
import type { OwnCommand } from './next-steps.ts';
import { daysBetween, fold, shortFingerprint } from './text.ts';
import type { Times } from './times.ts';

/** What the list of statuses needs to know. */
export interface StatusLayout extends Pick<Terminal, 'colours' | 'width' | 'interactive'> {
  readonly own: OwnCommand;
  readonly times: Times;
  readonly now: Date;
  /** Whether the endpoints were probed; otherwise the list shows records. */
  readonly probed: boolean;
  /** Local mode: a first deployment needs the files of the bundle. */
  readonly local: boolean;
}

/** Targets in the table. A problem is always listed; `--json` contains all targets. */
const maximumRows = 100;
/** Targets whose problem is described below the table. */
const maximumDescribed = 10;

/** The table of targets in the given order, the problems in full, and one line of summary. */
export function statusLines(statuses: readonly TargetStatus[], layout: StatusLayout): string[] {
  const { colours, own } = layout;
  if (statuses.length === 0) {
    return [
      `${colours.yellow('!')} no target is registered. With --local, "certferry deploy" and "certferry rollout" register ` +
        'their targets. For a stack, use "certferry targets apply".',
    ];
  }
  const shown = statuses.slice(0, maximumRows);
  const hidden = statuses.length - shown.length;
  const problems = statuses.filter(needsAction);
  return [
    ...listingLines(shown, listing(layout), layout),
    ...(hidden === 0 ? [] : [`${counted(hidden, 'more target')}. --json lists all of them.`]),
    '',
    ...lockLines(statuses, layout),
    ...problems.slice(0, maximumDescribed).flatMap((one) => [...problemLines(one, layout), '']),
    summaryLine(statuses, problems.length, layout),
    ...(layout.probed ? [] : [colours.dim(`  As recorded. To probe now: ${own('status --probe')}`)]),
  ];
}

function listing({ colours, times, now }: StatusLayout): Listing<TargetStatus> {
  return {
    markOf: (status) => (needsAction(status) ? colours.red('✖') : colours.green('✔')),
    columns: [
      { head: 'target', cell: ({ targetId }) => targetId },
      { head: 'certificate', cell: ({ certificate }) => certificate },
      {
        head: 'state',
        cell: (status) => (status.lock === null ? stateText(status) : `${stateText(status)}, locked`),
      },
      { head: 'expires', cell: (status) => expiryText(status, now) },
      { head: 'version', cell: (status) => shortFingerprint(knownLeaf(status).fingerprint), named: true },
      {
        head: `last deployment (${times.zone})`,
        cell: ({ lastDeployment: last }) =>
          last === null ? 'none' : `${times.minute(last.at)} ${last.outcome}`,
      },
    ],
  };
}

/** The condition as the list shows it. `not_probed` becomes what the records show. */
export function stateText({ condition, fingerprint, currentFingerprint }: TargetStatus): string {
  if (condition !== 'not_probed') return condition.replaceAll('_', ' ');
  return fingerprint !== null && fingerprint === currentFingerprint ? 'current' : 'installed';
}

/** When the certificate expires: `in 61 days`, `3 days ago`, or `unknown`. */
export function expiryText(status: TargetStatus, now: Date): string {
  const { notAfter } = knownLeaf(status);
  return notAfter === null ? 'unknown' : daysBetween(now.getTime() / 1_000, notAfter);
}

/** Who holds a lock: a running deployment, or one that ended without recording its outcome. */
export function lockText({ lock }: TargetStatus, { zone, minute }: Times): string | null {
  if (lock === null) return null;
  const since = lock.since === null ? '' : ` since ${minute(lock.since)} (${zone})`;
  return `locked by ${lock.executionName}${since}`;
}

function lockLines(
  statuses: readonly TargetStatus[],
  { colours, width, own, times }: StatusLayout,
): string[] {
  const locked = statuses.filter(({ lock }) => lock !== null);
  const [first] = locked;
  if (first === undefined) return [];
  const texts = locked.slice(0, maximumDescribed).map((one) => `${one.targetId} is ${lockText(one, times)}`);
  const more = locked.length - texts.length;
  const lines = [
    ...texts,
    ...(more === 0 ? [] : [`${counted(more, 'target')} more with a lock`]),
    `To follow a deployment: ${own(`inspect ${first.lock?.executionName}`)}`,
  ];
  return [...lines.flatMap((line) => fold(line, width - 2)).map((line) => colours.dim(`  ${line}`)), ''];
}

function problemLines(status: TargetStatus, { colours, width, own, local }: StatusLayout): string[] {
  const { targetId, summary, lastDeployment } = status;
  const outcome = lastDeployment === null ? [] : [`last deployment: ${lastDeployment.outcome}`];
  const step =
    lastDeployment === null
      ? own(`rollout --certificate ${status.certificate}${local ? ' --cert FILE' : ''}`)
      : own(`inspect ${lastDeployment.deploymentId}`);
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${stateText(status)}`,
    ...[`${summary}; ${outcome.join('')}`.replace(/; $/, ''), `Next step:  ${step}`]
      .flatMap((text) => fold(text, width - 2))
      .map((line) => `  ${line}`),
  ];
}

function summaryLine(
  statuses: readonly TargetStatus[],
  problems: number,
  { colours, now }: StatusLayout,
): string {
  const dated = statuses.flatMap((status) =>
    knownLeaf(status).notAfter === null ? [] : [{ ...status, at: knownLeaf(status).notAfter ?? 0 }],
  );
  const [first] = dated.toSorted((one, other) => one.at - other.at);
  const expiry =
    first === undefined ? '' : `; the next expiry is ${expiryText(first, now)} (${first.targetId})`;
  return problems === 0
    ? `${colours.green('✔')} ${counted(statuses.length, 'target')}, none needs action${expiry}`
    : `${colours.red('✖')} ${problems} of ${counted(statuses.length, 'target')} ${problems === 1 ? 'needs' : 'need'} action${expiry}`;
}
