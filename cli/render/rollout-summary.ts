import { entryOfRollout } from '../../core/troubleshooting/entries.ts';
import type { ReportedDeployment, ReportedWave, RolloutResult } from '../../services/backend/backend.ts';
import {
  countsOf,
  needsAttention,
  type RolloutReport,
  remainingFailures,
  rolloutReportOf,
} from '../report/rollout-report.ts';
import { linkLines } from '../terminal/troubleshooting.ts';
import type { Layout } from './graph.ts';
import type { OwnCommand } from './next-steps.ts';
import { rolloutMark, rolloutMeanings, servedAfterRollout } from './rollout-outcomes.ts';
import { duration, fold, reasonLines, shortFingerprint, table } from './text.ts';

/** The summary of a rollout: its outcome, a line for each wave, the failures, and the next steps. */
export function rolloutSummaryLines(end: RolloutResult, layout: Layout, own: OwnCommand): string[] {
  const { colours, width } = layout;
  const { outcome, summary, fingerprint, certificate, reason, warning, warnings = [] } = rolloutReportOf(end);
  const isLost = outcome === 'lost';
  const sign = isLost ? colours.red('✖') : rolloutMark(outcome, colours);
  const meaning = isLost ? 'no outcome was recorded' : rolloutMeanings[outcome].meaning;
  const why = reasonLines({ reason, summary });
  const version = fingerprint === null ? [] : [`${certificate}, version ${shortFingerprint(fingerprint)}`];
  return [
    `${sign} rollout ${colours.bold(end.id)}  ${outcome}: ${meaning}${colours.dim(`  ${duration(end.durationMs)}`)}`,
    ...[summary, ...why, ...version].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
    ...waveLines(end.waves, layout),
    ...failureLines(end.waves, layout, own),
    ...servedLines(outcome, width),
    ...nextLines(end, outcome, own),
    ...[...(warning === undefined ? [] : [warning]), ...warnings].flatMap((text) => [
      '',
      ...fold(`warning: ${text}`, width).map(colours.yellow),
    ]),
    ...troubleshootingLines(end, outcome, reason),
  ];
}

function servedLines(outcome: RolloutReport['outcome'], width: number): string[] {
  const served = servedAfterRollout[outcome];
  return served === undefined ? [] : ['', ...fold(`Served now: ${served}.`, width)];
}

function troubleshootingLines(
  end: RolloutResult,
  outcome: RolloutReport['outcome'],
  reason: string | null,
): string[] {
  if (servedAfterRollout[outcome] === undefined) return [];
  return ['', ...linkLines(end.executionArn, entryOfRollout(outcome, reason))];
}

/** One row for each wave, one column for each outcome. */
function waveLines(waves: readonly ReportedWave[], { colours }: Layout): string[] {
  if (waves.length === 0) return [];
  const counts = waves.map((wave) => withReturned(countsOf(wave), wave.direction));
  const outcomes = [...new Set(counts.flatMap(Object.keys))];
  const [head = '', ...rows] = table([
    ['wave', 'targets', ...outcomes],
    ...waves.map(({ number, direction, results }, at) => [
      direction === 'rollback' ? `${number} (rollback)` : String(number),
      String(results.length),
      ...outcomes.map((outcome) => String(counts[at]?.[outcome] ?? '')),
    ]),
  ]);
  return ['', `  ${colours.dim(head)}`, ...rows.map((row) => `  ${row}`)];
}

/** In a rollback wave, `deployed` is counted as `returned`, as in the JSON report. */
function withReturned(
  counts: Record<string, number>,
  direction: ReportedWave['direction'],
): Record<string, number> {
  if (direction === 'forward') return counts;
  const { deployed, ...others } = counts;
  return deployed === undefined ? others : { returned: deployed, ...others };
}

/** The summary stays readable with hundreds of failures; --json lists all of them. */
const maximumListedFailures = 20;

function failureLines(waves: readonly ReportedWave[], layout: Layout, own: OwnCommand): string[] {
  const failures = remainingFailures(waves);
  const listed = failures.slice(0, maximumListedFailures);
  const more = failures.length - listed.length;
  return [
    ...listed.flatMap(({ result, wave }) => ['', ...failureLine(result, wave, layout, own)]),
    ...(more > 0 ? ['', `${more} more failures: --json lists all of them.`] : []),
  ];
}

function failureLine(
  { targetId, outcome, summary, executionArn }: ReportedDeployment,
  { number, direction }: ReportedWave,
  { colours, width }: Layout,
  own: OwnCommand,
): string[] {
  const back = direction === 'rollback' ? ' during the rollback' : '';
  const name = executionArn.split(':').at(-1) ?? '';
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${outcome} in wave ${number}${back}`,
    ...fold(summary, width - 2).map((line) => `  ${line}`),
    ...(needsAttention(outcome) ? ['  MANUAL ACTION REQUIRED on this host.'] : []),
    ...(name === '' ? [] : [`    ${own(`inspect ${name}`)}`]),
  ];
}

const nextLines = (end: RolloutResult, outcome: string, own: OwnCommand): string[] =>
  advice[outcome]?.(end, own) ?? [];

type Advice = (end: Pick<RolloutResult, 'id'>, own: OwnCommand) => string[];

const resume: Advice = ({ id }, own) => {
  const bundle = own('rollout').includes('--local') ? ' --cert FILE --key FILE' : '';
  return [
    'After you have fixed the cause, resume the rollout for the remaining targets:',
    `  ${own(`rollout --resume ${id}${bundle}`)}`,
  ];
};

const rollBack: Advice = ({ id }, own) => [
  'Or roll back the targets that the rollout has changed:',
  `  ${own(`rollout --resume ${id} --rollback`)}`,
];

/** The next steps after a halted rollout. */
export const afterHalt: Advice = (end, own) => [...resume(end, own), ...rollBack(end, own)];

const inspect: Advice = ({ id }, own) => ['Show the execution:', `  ${own(`inspect ${id}`)}`];

/** The next steps after each outcome. */
const advice: Readonly<Record<string, Advice>> = {
  finished_with_failures: (end, own) => [
    'To retry the failed targets, roll out again with --repeat. Targets with the version end as unchanged.',
    ...inspect(end, own),
  ],
  already_rolled_out: () => [
    'To deploy to all targets again, use --repeat. Targets with the version end as unchanged.',
  ],
  superseded: (_, own) => ['Nothing to do: the newer rollout continues.', `  ${own('rollouts')}`],
  refused: () => ['Correct the error above and start the rollout again.'],
  halted: (end, own) => [...afterHalt(end, own), ...inspect(end, own)],
  rolled_back: inspect,
  rollback_incomplete: (end, own) => [
    'MANUAL ACTION REQUIRED: the targets above could not be rolled back.',
    ...inspect(end, own),
  ],
  lost: (end, own) => [...resume(end, own), ...inspect(end, own)],
};
