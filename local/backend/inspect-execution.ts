import { timeInName } from '../../core/execution-name.ts';
import type { InspectedExecution } from '../../services/backend/backend.ts';
import { recordedOutcome } from '../../services/backend/recorded-outcome.ts';
import type {
  ExecutionRecord,
  ExecutionRecords,
  ExecutionStatus,
} from '../step-functions/execution-record.ts';
import type { Executions } from '../step-functions/executions.ts';

/** An execution of the state folder. Times are epoch milliseconds; `stoppedAt` is null while it runs. */
export interface LocalExecution extends InspectedExecution {
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  readonly input: unknown;
}

/** An execution by name. `last` is the latest deployment or rollout, without the deployments of rollouts. */
export function inspect({ records, named }: Executions, name: string): LocalExecution | null {
  const executionName = name === 'last' ? latest(records) : name;
  const record = executionName === null ? null : named(executionName);
  return record === null ? null : executionOf(record);
}

/** Names contain the start time in seconds, so only records of the latest second are read. */
function latest(records: ExecutionRecords): string | null {
  const names = records.names();
  const last = names.map(timeInName).sort().at(-1);
  const startOf = (name: string) => records.read(name)?.start.startedAt ?? 0;
  const candidates = names.filter((name) => timeInName(name) === last);
  return candidates.sort((one, other) => startOf(one) - startOf(other)).at(-1) ?? null;
}

function executionOf({ start, end, events, status }: ExecutionRecord): LocalExecution {
  return {
    executionName: start.name,
    status,
    startedAt: start.startedAt,
    stoppedAt: end?.stoppedAt ?? null,
    input: start.input,
    output: recordedOutcome(events),
    events,
  };
}
