import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { Executions } from '../../../services/executions.ts';
import type { LockItem } from '../../../services/locks/lock-item.ts';
import type { TargetLocks } from '../../../services/locks/target-locks.ts';
import { historyItem, type RequestFacts, requestFactsOf } from '../../recording/history-item.ts';
import { installedAfter } from '../../recording/installed-after.ts';
import { brokenOffOutcome } from '../../recording/interrupted.ts';
import { findHeldHostLock, type RecordingServices, record } from '../../recording/record.ts';
import { task } from '../../runtime/task.ts';
import { deploymentMetrics, executions, history, hostLocks, locks } from '../../runtime/wiring.ts';

/** "Step Functions Execution Status Change". Best effort: it may be missed, late, repeated or out of order. */
const Input = z.object({
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.string(),
    /** Epoch milliseconds. */
    startDate: z.number(),
    /** The input of the execution as text; missing if it is large. */
    input: z.optional(z.nullable(z.string())),
  }),
});
type Input = z.infer<typeof Input>;

interface Services extends RecordingServices {
  readonly locks: TargetLocks;
  readonly executions: Executions;
  readonly clock: Clock;
}

/**
 * Not a state: EventBridge calls it when an execution ends. If the execution broke off without a recording state (aborted, timed
 * out, crashed), it releases the locks and records `lost`, in one transaction; `rejected` if no job was sent. In all other
 * cases, and when called again, it changes nothing. An execution that was redriven keeps its locks.
 */
export const createHandler =
  (by: Services) =>
  async ({ detail }: Input): Promise<TaskSummary> => {
    const { executionArn, status } = detail;
    if (!endStatuses.has(status)) return { summary: `${executionArn} is ${status}` };
    const facts = requestFactsOf(parseJson(detail.input ?? ''));
    const lock = await by.locks.read(facts.targetId);
    const held = lock.owner === executionArn ? lock : null;
    if (held === null && (await isRecorded(by, detail, facts))) return { summary: 'already recorded' };
    if ((await by.executions.status(executionArn)) === 'running')
      return { summary: 'the execution runs again' };
    return { summary: await recordBrokenOff(by, detail, { facts, lock }) };
  };

/** A successful execution has passed a recording state; for other endStatuses the history tells. */
async function isRecorded(
  by: Services,
  { status, executionArn }: Input['detail'],
  { targetId }: RequestFacts,
) {
  return status === 'SUCCEEDED' || (await by.history.find(targetId, executionArn)) !== null;
}

const endStatuses = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);

async function recordBrokenOff(
  by: Services,
  detail: Input['detail'],
  { facts, lock }: { facts: RequestFacts; lock: LockItem },
): Promise<string> {
  const { executionArn, name, status, startDate } = detail;
  const held = lock.owner === executionArn ? lock : null;
  const broken = { targetId: facts.targetId, executionArn, startedAt: startDate, status };
  const hostLock = await findHeldHostLock(by, facts.host, executionArn);
  const item = historyItem({
    facts,
    ending: await brokenOffOutcome(by.history, broken, lock),
    deploymentId: name,
    executionArn,
    startedAt: held?.startedAt ?? new Date(startDate).toISOString(),
    endedAt: by.clock.now(),
    fence: held?.fence ?? null,
    previousFingerprint: null,
    lock: hostLock,
    // the event does not contain the results of the states
    phases: { push: null, probe: null, rollback: null },
    recordedBy: 'status-change',
  });
  const evidence = {
    host: facts.host,
    installation: null,
    version: null,
    previousVersion: null,
    nothingSent: false,
    isTakenOver: lock.takenFrom !== null,
  };
  return record(by, item, {
    release: held && { targetId: facts.targetId, executionArn, fence: held.fence },
    host: hostLock,
    installed: held && installedAfter(item, evidence),
    // a stopped execution is no evidence against the version
    failedRollout: null,
  });
}

/** An event without input names no target: the next deployment to the target takes the lock over. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const handler = task('ReleaseLock', {
  input: Input,
  result: TaskSummary,
  build: () =>
    createHandler({
      locks: locks(),
      hostLocks: hostLocks(),
      history: history(),
      metrics: deploymentMetrics(),
      executions: executions(),
      clock: systemClock,
    }),
});
