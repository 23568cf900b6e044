import { counted } from '../../core/counted.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { servedNow } from '../../core/deployment/served-now.ts';
import { entryOfDeployment } from '../../core/troubleshooting/entries.ts';
import type { InspectedExecution } from '../../services/backend/backend.ts';
import { elapsed } from '../report/deployment-report.ts';
import { isHalted, unrecordedEnd, visitsOf } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import { executionLine, linkLines } from '../terminal/troubleshooting.ts';
import { type GraphLayout, graphLines } from './graph.ts';
import type { OwnCommand } from './next-steps.ts';
import { rolloutMark, rolloutMeanings } from './rollout-outcomes.ts';
import { afterHalt } from './rollout-summary.ts';
import { mark } from './summary.ts';
import { duration, flow, fold, shortFingerprint } from './text.ts';
import type { Times } from './times.ts';

/** The state machine of an execution, by its first state. */
export function machineNameOf(events: readonly ExecutionEvent[]): 'deploy-target' | 'rollout' {
  const first = events.find(({ type }) => type === 'StateEntered');
  return first?.state?.name === 'ResolveCertificate' ? 'rollout' : 'deploy-target';
}

/** The output of `inspect`: certificate or target, the graph with the path taken, and the outcome. */
export function executionLines(
  machine: StateMachine,
  execution: InspectedExecution,
  layout: GraphLayout & { readonly own: OwnCommand; readonly times: Times },
): string[] {
  const { executionName, output, events } = execution;
  const { bold, dim } = layout.colours;
  return [
    ...flow(
      [
        `${machineNameOf(events)} ${bold(executionName)}`,
        subjectOf(output, bold),
        dim(startedAt(events, layout.times)),
      ],
      layout.width,
    ),
    '',
    ...graphLines(machine, events, layout),
    '',
    ...endLines(execution, layout),
  ];
}

function subjectOf(output: InspectedExecution['output'], bold: (text: string) => string): string {
  if (output === null) return '';
  return 'rolloutId' in output
    ? `certificate ${bold(output.certificate)}`
    : `target ${bold(output.targetId)}`;
}

function startedAt([first]: readonly ExecutionEvent[], { second, zone }: Times): string {
  return first === undefined ? '' : `${second(first.timestamp / 1_000)} (${zone})`;
}

function endLines(
  { executionName, executionArn, status, output, events }: InspectedExecution,
  { colours, width, own }: GraphLayout & { readonly own: OwnCommand },
): string[] {
  const visits = visitsOf(events);
  const retries = visits.reduce((sum, visit) => sum + visit.retries.length, 0);
  const counts = `${counted(visits.length, 'transition')}, ${counted(retries, 'retry', 'retries')}, ${duration(elapsed(events))}`;
  if (status === 'RUNNING') return [`still running (${counts})`, ...executionLine(executionArn)];
  if (output === null) {
    const end = withSign(colours.red('✖'), `${unrecordedEnd(status, visits)} (${counts})`, width);
    // the error text is folded and has no --region or --profile: these lines can be copied
    const next = isHalted(visits) ? ['', ...afterHalt({ id: executionName }, own)] : [];
    return [...end, ...next, ...executionLine(executionArn)];
  }
  const summary = fold(output.summary, width - 2).map((line) => `  ${line}`);
  if ('rolloutId' in output) {
    const { outcome, warnings = [] } = output;
    const text = `${outcome}: ${rolloutMeanings[outcome].meaning} (${counts})`;
    const head = withSign(rolloutMark(outcome, colours), text, width);
    return [
      ...head,
      ...summary,
      `  version ${shortFingerprint(output.fingerprint)}`,
      ...warnings.map((warning) => colours.yellow(`  warning: ${warning}`)),
      ...executionLine(executionArn),
    ];
  }
  const { outcome, reason, fingerprint, previousFingerprint, warnings } = output;
  const served = fold(`Served now: ${servedNow(output, shortFingerprint)}.`, width - 2);
  const entry = entryOfDeployment(outcome, reason);
  return [
    ...withSign(mark(outcome, colours), `${outcome}: ${outcomeMeanings[outcome].meaning} (${counts})`, width),
    ...summary,
    ...flow(
      [`  version ${shortFingerprint(fingerprint)}`, `previous ${shortFingerprint(previousFingerprint)}`],
      width,
    ),
    ...warnings.map((warning) => colours.yellow(`  warning: ${warning}`)),
    ...served.map((line) => `  ${line}`),
    ...(outcomeMeanings[outcome].succeeded ? executionLine(executionArn) : linkLines(executionArn, entry)),
  ];
}

/** Text after a sign, folded beside the sign. */
function withSign(sign: string, text: string, width: number): string[] {
  const [first = '', ...rest] = fold(text, width - 2);
  return [`${sign} ${first}`, ...rest.map((line) => `  ${line}`)];
}
