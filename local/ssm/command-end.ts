import type { CommandEnd, CommandRecord, CommandStatus } from './command-records.ts';
import { ssmAgent } from './ssm-agent.ts';

/** What is known of a command. `result` is the exit code of the script, or empty. `now` is epoch milliseconds. */
interface Facts {
  readonly result: string;
  /** Whether the runner lives. */
  readonly isRunning: boolean;
  readonly timedOut: boolean;
  readonly now: number;
}

const statuses: Readonly<Record<number, CommandStatus>> = ssmAgent.exitCodes.value;

/**
 * How a command ended, as the SSM Agent reports it. `runner_gone`: the runner died without a result, which counts as the
 * end of the command only after a time.
 */
export function endOf(
  record: CommandRecord,
  { result, isRunning, timedOut, now }: Facts,
): CommandEnd | 'running' | 'runner_gone' {
  if (result !== '') return { status: statuses[Number(result)] ?? 'Failed', responseCode: Number(result) };
  if (timedOut || isOverdue(record, now))
    return { status: 'TimedOut', responseCode: ssmAgent.timeout.value.exitCode };
  if (isRunning || record.startedAt === null) return 'running';
  const goneAt = record.runnerGoneAt ?? null;
  if (goneAt === null) return 'runner_gone';
  const { seconds, exitCode } = ssmAgent.deadWorker.value;
  return now - goneAt >= seconds * 1000
    ? { status: 'Failed', responseCode: exitCode, workerDied: true }
    : 'running';
}

/** For a command whose sender died before it started it, the time counts from the request. */
function isOverdue({ startedAt, requestedAt, timeoutSeconds }: CommandRecord, now: number): boolean {
  return now >= (startedAt ?? requestedAt) + timeoutSeconds * 1000;
}
