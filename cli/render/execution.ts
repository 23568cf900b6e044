import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { ExecutionEvent } from '../../local/step-functions/execution-record.ts';
import { elapsed } from '../report.ts';
import { graphLines, type Layout, type StateMachine } from './graph.ts';
import { mark } from './summary.ts';
import { duration, fold, shortFingerprint } from './text.ts';
import { visitsOf } from './visits.ts';

/** An execution as local mode keeps it. `output` is null while it is running, and when no outcome was recorded. */
export interface Execution {
  readonly executionName: string;
  readonly status: string;
  readonly output: RecordedDeployment | null;
  readonly events: readonly ExecutionEvent[];
}

/** What `inspect` shows: whose execution it is, the graph with the path taken, and how it ended. */
export function executionLines(machine: StateMachine, execution: Execution, layout: Layout): string[] {
  const { executionName, output, events } = execution;
  const { bold, dim } = layout.colours;
  const target = output === null ? '' : `  target ${bold(output.targetId)}`;
  return [
    `deploy-target ${bold(executionName)}${target}  ${dim(startedAt(events))}`,
    '',
    ...graphLines(machine, events, layout),
    '',
    ...endLines(execution, layout),
  ];
}

function startedAt(events: readonly ExecutionEvent[]): string {
  const [first] = events;
  return first === undefined
    ? ''
    : `${new Date(first.timestamp).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function endLines({ status, output, events }: Execution, { colours, width }: Layout): string[] {
  const visits = visitsOf(events);
  const retries = visits.reduce((sum, visit) => sum + visit.retries.length, 0);
  const counts = `${visits.length} transitions, ${retries} retries, ${duration(elapsed(events))}`;
  if (status === 'RUNNING') return [`still running (${counts})`];
  if (output === null)
    return [`${colours.red('✖')} ${status}: its outcome was not recorded by a state (${counts})`];
  const { outcome, summary, fingerprint, previousFingerprint } = output;
  return [
    `${mark(outcome, colours)} ${outcome}: ${outcomeMeanings[outcome].meaning} (${counts})`,
    ...fold(summary, width - 2).map((line) => `  ${line}`),
    `  version ${shortFingerprint(fingerprint)}, before ${shortFingerprint(previousFingerprint)}`,
    ...output.warnings.map((warning) => colours.yellow(`  warning: ${warning}`)),
  ];
}
