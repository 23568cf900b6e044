import { counted } from '../../core/counted.ts';
import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { Target } from '../../core/targets/target.ts';
import { unrecordedDeployment } from '../../services/backend/unrecorded-outcome.ts';
import { exitCodes, worstOutcome } from '../terminal/exit-codes.ts';
import { visitsOf } from './visits.ts';

/** The result of a deployment to one target. `executionName` is null if no execution was started. */
export interface FinishedDeployment {
  readonly target: Target;
  readonly executionName: string | null;
  /** Absent in local mode, and if no execution was started. */
  readonly executionArn?: string;
  readonly output: RecordedDeployment;
  readonly events: readonly ExecutionEvent[];
}

/** The JSON report. `executionId` is the execution with the reported outcome; null if none was started. */
export interface Report {
  readonly executionId: string | null;
  readonly outcome: DeploymentOutcome;
  readonly summary: string;
  readonly targets: readonly TargetReport[];
}

interface TargetReport {
  readonly targetId: string;
  readonly outcome: DeploymentOutcome;
  readonly summary: string;
  /** The name of an error (docs/troubleshooting.md); null after a success. */
  readonly reason: string | null;
  readonly fingerprint: string | null;
  readonly previousFingerprint: string | null;
  readonly states: readonly string[];
  readonly durationMs: number;
}

export type AtLeastOne<Item> = readonly [Item, ...Item[]];

/** The report of a command; its outcome is the most severe one of its targets. */
export function reportOf(finished: AtLeastOne<FinishedDeployment>): Report {
  const [first, ...others] = finished;
  const outcome = worstOutcome([first.output.outcome, ...others.map(({ output }) => output.outcome)]);
  const decisive = finished.find(({ output }) => output.outcome === outcome) ?? first;
  return {
    executionId: decisive.executionName,
    outcome,
    summary: others.length === 0 ? first.output.summary : countOutcomes(finished),
    targets: finished.map(targetReport),
  };
}

/** The exit code for a report. */
export function exitCodeOf(report: Report): number {
  return exitCodes[report.outcome];
}

function targetReport({ target, output, events }: FinishedDeployment): TargetReport {
  return {
    targetId: target.id,
    outcome: output.outcome,
    summary: output.summary,
    reason: output.reason,
    fingerprint: output.fingerprint,
    previousFingerprint: output.previousFingerprint,
    states: visitsOf(events).map((visit) => visit.state),
    durationMs: elapsed(events),
  };
}

/** Milliseconds from the first event to the last. */
export function elapsed(events: readonly ExecutionEvent[]): number {
  const [first, last] = [events[0], events.at(-1)];
  return first === undefined || last === undefined ? 0 : last.timestamp - first.timestamp;
}

/** `7 targets: 6 deployed, 1 rolled_back`. */
function countOutcomes(finished: readonly FinishedDeployment[]): string {
  const counts = new Map<string, number>();
  for (const { output } of finished) counts.set(output.outcome, (counts.get(output.outcome) ?? 0) + 1);
  const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
  return `${counted(finished.length, 'target')}: ${parts.join(', ')}`;
}

/** The reason of a deployment that was not started because of Ctrl-C. */
export const interrupted = 'Interrupted';

/** A result that no execution recorded: rejected before the start, or lost by this process. */
export function notRecorded(
  target: Target,
  outcome: 'rejected' | 'lost',
  {
    summary,
    reason,
    executionName = null,
  }: { summary: string; reason: string; executionName?: string | null },
): FinishedDeployment {
  return {
    target,
    executionName,
    output: unrecordedDeployment({
      deploymentId: executionName ?? '',
      targetId: target.id,
      outcome,
      summary,
      reason,
    }),
    events: [],
  };
}
