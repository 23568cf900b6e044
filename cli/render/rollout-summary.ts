import type { ReportedDeployment, ReportedWave, RolloutResult } from '../../services/backend/backend.ts';
import { countsOf, needsAttention, remainingFailures, rolloutReportOf } from '../report/rollout-report.ts';
import type { Layout } from './graph.ts';
import type { OwnCommand } from './next-steps.ts';
import { outcomeWords, rolloutMark, rolloutMeanings } from './rollout-outcomes.ts';
import { duration, fold, shortFingerprint, table } from './text.ts';

/** What a person reads at the end of a rollout: how it ended, a line for each wave, what failed, and what to do next. */
export function rolloutSummaryLines(end: RolloutResult, layout: Layout, own: OwnCommand): string[] {
  const { colours, width } = layout;
  const { outcome, summary, fingerprint, certificate, reason, warning } = rolloutReportOf(end);
  const isLost = outcome === 'lost';
  const sign = isLost ? colours.red('✖') : rolloutMark(outcome, colours);
  const meaning = isLost ? 'nobody recorded how it ended' : rolloutMeanings[outcome].meaning;
  const why = reason === null || summary.includes(reason) ? [] : [`reason: ${reason}`];
  const version = fingerprint === null ? [] : [`${certificate}, version ${shortFingerprint(fingerprint)}`];
  return [
    `${sign} rollout ${colours.bold(end.id)}  ${outcome}: ${meaning}${colours.dim(`  ${duration(end.durationMs)}`)}`,
    ...[summary, ...why, ...version].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
    ...waveLines(end.waves, layout),
    ...failureLines(end.waves, layout, own),
    ...nextLines(end, outcome, own),
    ...(warning === undefined ? [] : ['', ...fold(`warning: ${warning}`, width).map(colours.yellow)]),
  ];
}

/** One row a wave, one column an outcome. */
function waveLines(waves: readonly ReportedWave[], { colours }: Layout): string[] {
  if (waves.length === 0) return [];
  const counts = waves.map((wave) => inWords(countsOf(wave), wave.direction));
  const outcomes = [...new Set(counts.flatMap(Object.keys))];
  const [head = '', ...rows] = table([
    ['wave', 'targets', ...outcomes],
    ...waves.map(({ number, direction, results }, at) => [
      direction === 'back' ? `${number} (back)` : String(number),
      String(results.length),
      ...outcomes.map((outcome) => String(counts[at]?.[outcome] ?? '')),
    ]),
  ]);
  return ['', `  ${colours.dim(head)}`, ...rows.map((row) => `  ${row}`)];
}

function inWords(
  counts: Record<string, number>,
  direction: ReportedWave['direction'],
): Record<string, number> {
  const entries = Object.entries(counts).map(([outcome, count]) => [outcomeWords(outcome, direction), count]);
  return Object.fromEntries(entries);
}

/** More than these are for --json: nobody reads the words of two hundred failures. */
const mostFailuresTold = 20;

function failureLines(waves: readonly ReportedWave[], layout: Layout, own: OwnCommand): string[] {
  const failures = remainingFailures(waves);
  const told = failures.slice(0, mostFailuresTold);
  const more = failures.length - told.length;
  return [
    ...told.flatMap(({ result, wave }) => ['', ...failureLine(result, wave, layout, own)]),
    ...(more > 0 ? ['', `${more} more have failed: --json has them all.`] : []),
  ];
}

function failureLine(
  { targetId, outcome, summary, executionArn }: ReportedDeployment,
  { number, direction }: ReportedWave,
  { colours, width }: Layout,
  own: OwnCommand,
): string[] {
  const back = direction === 'back' ? ' while it was put back' : '';
  const name = executionArn.split(':').at(-1) ?? '';
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${outcome} in wave ${number}${back}`,
    ...fold(summary, width - 2).map((line) => `  ${line}`),
    ...(needsAttention(outcome) ? ['  A PERSON IS NEEDED on this host.'] : []),
    ...(name === '' ? [] : [`    ${own(`inspect ${name}`)}`]),
  ];
}

function nextLines(end: RolloutResult, outcome: string, own: OwnCommand): string[] {
  const lines = advice[outcome]?.(end, own) ?? [];
  return lines.length === 0 ? [] : ['', ...lines];
}

type Advice = (end: Pick<RolloutResult, 'id'>, own: OwnCommand) => string[];

const resume: Advice = ({ id }, own) => {
  const bundle = own('rollout').includes('--local') ? ' --cert FILE --key FILE' : '';
  return [
    'When the cause is gone, let it go on with what is not done:',
    `  ${own(`rollout --resume ${id}${bundle}`)}`,
  ];
};

const rollBack: Advice = ({ id }, own) => [
  'Or have it put back what it has changed:',
  `  ${own(`rollout --resume ${id} --rollback`)}`,
];

/** What a person may do with a rollout that was halted. */
export const afterHalt: Advice = (end, own) => [...resume(end, own), ...rollBack(end, own)];

const look: Advice = ({ id }, own) => ['See how it went:', `  ${own(`inspect ${id}`)}`];

/** What a person does next after each outcome. */
const advice: Readonly<Record<string, Advice>> = {
  finished_with_failures: (end, own) => [
    'Roll it out again with --repeat to reach those that failed; what has the version stays as it is (unchanged).',
    ...look(end, own),
  ],
  already_rolled_out: () => [
    'To go to all targets again, say --repeat: what has the version stays as it is (unchanged).',
  ],
  superseded: (_, own) => ['Nothing to do: the newer one goes on.', `  ${own('rollouts')}`],
  refused: () => ['Nothing was touched. Correct what is named above and roll it out again.'],
  halted: (end, own) => [...afterHalt(end, own), ...look(end, own)],
  rolled_back: (end, own) => ['The targets serve what they served before.', ...look(end, own)],
  rollback_incomplete: (end, own) => [
    'A PERSON IS NEEDED: the targets above could not be put back.',
    ...look(end, own),
  ],
  lost: (end, own) => [...resume(end, own), ...look(end, own)],
};
