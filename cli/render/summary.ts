import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { servedNow } from '../../core/deployment/served-now.ts';
import { entryOfDeployment } from '../../core/troubleshooting/entries.ts';
import { type AtLeastOne, elapsed, type FinishedDeployment, reportOf } from '../report/deployment-report.ts';
import type { Colours } from '../terminal/terminal.ts';
import { executionLine, troubleshootingAddress } from '../terminal/troubleshooting.ts';
import type { Layout } from './graph.ts';
import { nextSteps, type OwnCommand } from './next-steps.ts';
import { duration, fold, reasonLines, shortFingerprint, table } from './text.ts';

/**
 * The summary of deployments. One target: its outcome, versions and next steps. Several targets: one line for each
 * success, then the full text of each failure.
 */
export function summaryLines(
  finished: AtLeastOne<FinishedDeployment>,
  layout: Layout,
  own: OwnCommand,
): string[] {
  const [first, ...others] = finished;
  if (others.length === 0) return [...targetLines(first, layout, own), ...troubleshootingLines([first])];
  const hasSucceeded = ({ output }: FinishedDeployment) => outcomeMeanings[output.outcome].succeeded;
  const failed = finished.filter((one) => !hasSucceeded(one));
  return [
    ...briefLines(finished.filter(hasSucceeded), layout),
    ...failed.flatMap((one) => ['', ...targetLines(one, layout, own)]),
    '',
    reportOf(finished).summary,
    ...troubleshootingLines(failed),
  ];
}

function briefLines(finished: readonly FinishedDeployment[], { colours }: Layout): string[] {
  const rows = finished.map(({ target, output, events }) => [
    target.id,
    output.outcome,
    duration(elapsed(events)),
    versions(output) ?? '',
  ]);
  return table(rows).flatMap((line, index) => {
    const output = finished[index]?.output;
    if (output === undefined) return [];
    return [`${mark(output.outcome, colours)} ${line}`, ...warningLines(output, colours)];
  });
}

function targetLines(finished: FinishedDeployment, { colours, width }: Layout, own: OwnCommand): string[] {
  const { output, target, events } = finished;
  const { meaning } = outcomeMeanings[output.outcome];
  const time = events.length === 0 ? '' : colours.dim(`  ${duration(elapsed(events))}`);
  const head = `${mark(output.outcome, colours)} ${colours.bold(target.id)}  ${output.outcome}: ${meaning}${time}`;
  const version = versions(output);
  const reason = reasonLines(output);
  return [
    head,
    ...[output.summary, ...reason].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
    ...(version === null ? [] : [`  ${version}`]),
    ...warningLines(output, colours),
    ...servedLines(output, width),
    ...nextSteps(finished, own)
      .flatMap((line) => (line.startsWith(' ') ? [line] : fold(line, width - 2)))
      .map((line) => `  ${line}`),
    ...(outcomeMeanings[output.outcome].succeeded ? [] : executionLine(finished.executionArn)).map(
      (line) => `  ${line}`,
    ),
  ];
}

function servedLines(output: RecordedDeployment, width: number): string[] {
  if (outcomeMeanings[output.outcome].succeeded) return [];
  return fold(`Served now: ${servedNow(output, shortFingerprint)}.`, width - 2).map((line) => `  ${line}`);
}

/** Each entry once. An address is not folded, so that it can be copied. */
function troubleshootingLines(finished: readonly FinishedDeployment[]): string[] {
  const failed = finished.filter(({ output }) => !outcomeMeanings[output.outcome].succeeded);
  const entries = failed.map(({ output }) => entryOfDeployment(output.outcome, output.reason));
  return [...new Set(entries)].map((entry) => `Troubleshooting: ${troubleshootingAddress(entry)}`);
}

function versions({ fingerprint, previousFingerprint }: RecordedDeployment): string | null {
  if (fingerprint === null) return null;
  const previous = previousFingerprint === null ? '' : `, previous ${shortFingerprint(previousFingerprint)}`;
  return `version ${shortFingerprint(fingerprint)}${previous}`;
}

function warningLines({ warnings }: RecordedDeployment, { yellow }: Colours): string[] {
  return warnings.map((warning) => yellow(`  warning: ${warning}`));
}

/** Outcomes that are no failures, but that an operator should notice. */
const noted: ReadonlySet<string> = new Set(['deployed_unverified', 'validate_unsupported', 'gone']);

/** The sign of an outcome: success, warning or failure. */
export function mark(outcome: keyof typeof outcomeMeanings, { green, yellow, red }: Colours): string {
  if (noted.has(outcome)) return yellow('!');
  return outcomeMeanings[outcome].succeeded ? green('✔') : red('✖');
}
