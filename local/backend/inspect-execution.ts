// Executions as they are kept, for people to look at.
import type * as z from 'zod/mini';
import { RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { timeInName } from '../../core/execution-name.ts';
import { RecordedRollout } from '../../core/rollout/rollout.ts';
import type {
  ExecutionRecord,
  ExecutionRecords,
  ExecutionStatus,
} from '../step-functions/execution-record.ts';
import type { Executions } from '../step-functions/executions.ts';

/** One execution as it is kept. Times are epoch milliseconds. */
export interface InspectedExecution {
  readonly executionName: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  readonly input: unknown;
  /** Null while it runs, and where no state recorded an outcome. */
  readonly output: RecordedDeployment | RecordedRollout | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly events: readonly ExecutionEvent[];
}

/** `last` is the deployment or rollout that began last; the deployments of a rollout are found by their names only. */
export function inspect({ records, named }: Executions, name: string): InspectedExecution | null {
  const wanted = name === 'last' ? latest(records) : name;
  const record = wanted === null ? null : named(wanted);
  return record === null ? null : inspected(record);
}

/** What the recording state returned is what the end state was entered with. */
export function recordedIn<Recorded>(
  events: readonly ExecutionEvent[],
  schema: z.ZodMiniType<Recorded>,
): Recorded | null {
  const end = events.findLast(
    ({ type, state }) => type === 'StateEntered' && (state?.type === 'Succeed' || state?.type === 'Fail'),
  );
  const recorded = schema.safeParse(end?.state?.input);
  return recorded.success ? recorded.data : null;
}

/** The name of the execution that began last. Names tell the second; only within one the records are asked. */
function latest(records: ExecutionRecords): string | null {
  const names = records.names();
  const last = names.map(timeInName).sort().at(-1);
  const startOf = (name: string) => records.read(name)?.start.startedAt ?? 0;
  const candidates = names.filter((name) => timeInName(name) === last);
  return candidates.sort((one, other) => startOf(one) - startOf(other)).at(-1) ?? null;
}

function inspected({ start, end, events, status }: ExecutionRecord): InspectedExecution {
  return {
    executionName: start.name,
    status,
    startedAt: start.startedAt,
    stoppedAt: end?.stoppedAt ?? null,
    input: start.input,
    output: recordedIn(events, RecordedDeployment) ?? recordedIn(events, RecordedRollout),
    error: end?.error ?? null,
    cause: end?.cause ?? null,
    events,
  };
}
