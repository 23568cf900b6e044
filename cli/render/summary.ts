import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { elapsed, type Finished } from '../report.ts';
import type { Colours } from '../terminal.ts';
import { nextSteps, type OwnCommand } from './next-steps.ts';
import { duration, shortFingerprint } from './text.ts';

/** What a person reads at the end: for each target the outcome in words, the versions, and what to do next. */
export function summaryLines(finished: readonly Finished[], colours: Colours, own: OwnCommand): string[] {
  return finished.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...targetLines(one, colours, own)]);
}

function targetLines(finished: Finished, colours: Colours, own: OwnCommand): string[] {
  const { output, target, events } = finished;
  const { meaning } = outcomeMeanings[output.outcome];
  const time = events.length === 0 ? '' : colours.dim(`  ${duration(elapsed(events))}`);
  const head = `${mark(output.outcome, colours)} ${colours.bold(target.id)}  ${output.outcome}: ${meaning}${time}`;
  const reason = output.reason === null || output.summary.includes(output.reason) ? [] : [output.reason];
  return [
    head,
    ...[output.summary, ...reason].map((line) => `  ${line}`),
    ...versionLine(finished),
    ...output.warnings.map((warning) => colours.yellow(`  warning: ${warning}`)),
    ...nextSteps(finished, own).map((line) => `  ${line}`),
  ];
}

function versionLine({ output: { fingerprint, previousFingerprint } }: Finished): string[] {
  if (fingerprint === null) return [];
  const before = previousFingerprint === null ? '' : `, before ${shortFingerprint(previousFingerprint)}`;
  return [`  version ${shortFingerprint(fingerprint)}${before}`];
}

/** One sign for how an outcome is to be taken: good, to be looked at, bad. */
export function mark(outcome: keyof typeof outcomeMeanings, { green, yellow, red }: Colours): string {
  if (outcome === 'deployed_unverified' || outcome === 'validate_unsupported') return yellow('!');
  return outcomeMeanings[outcome].succeeded ? green('✔') : red('✖');
}
