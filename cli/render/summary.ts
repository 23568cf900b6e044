import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { type AtLeastOne, elapsed, type FinishedDeployment, reportOf } from '../report/deployment-report.ts';
import type { Colours } from '../terminal/terminal.ts';
import type { Layout } from './graph.ts';
import { nextSteps, type OwnCommand } from './next-steps.ts';
import { duration, fold, shortFingerprint, table } from './text.ts';

/**
 * What a person reads at the end. Of one target: the outcome in words, the versions, what to do next. Of several: a line
 * for each that succeeded, then all of that for those that did not.
 */
export function summaryLines(
  finished: AtLeastOne<FinishedDeployment>,
  layout: Layout,
  own: OwnCommand,
): string[] {
  const [first, ...others] = finished;
  if (others.length === 0) return targetLines(first, layout, own);
  const isGood = ({ output }: FinishedDeployment) => outcomeMeanings[output.outcome].succeeded;
  const bad = finished.filter((one) => !isGood(one));
  return [
    ...briefLines(finished.filter(isGood), layout),
    ...bad.flatMap((one) => ['', ...targetLines(one, layout, own)]),
    '',
    reportOf(finished).summary,
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
  const reason =
    output.reason === null || output.summary.includes(output.reason) ? [] : [`reason: ${output.reason}`];
  return [
    head,
    ...[output.summary, ...reason].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
    ...(version === null ? [] : [`  ${version}`]),
    ...warningLines(output, colours),
    ...nextSteps(finished, own).map((line) => `  ${line}`),
  ];
}

function versions({ fingerprint, previousFingerprint }: RecordedDeployment): string | null {
  if (fingerprint === null) return null;
  const before = previousFingerprint === null ? '' : `, before ${shortFingerprint(previousFingerprint)}`;
  return `version ${shortFingerprint(fingerprint)}${before}`;
}

function warningLines({ warnings }: RecordedDeployment, { yellow }: Colours): string[] {
  return warnings.map((warning) => yellow(`  warning: ${warning}`));
}

/** One sign for how an outcome is to be taken: good, to be looked at, bad. */
export function mark(outcome: keyof typeof outcomeMeanings, { green, yellow, red }: Colours): string {
  if (outcome === 'deployed_unverified' || outcome === 'validate_unsupported') return yellow('!');
  return outcomeMeanings[outcome].succeeded ? green('✔') : red('✖');
}
