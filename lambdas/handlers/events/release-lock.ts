import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import type { Executions } from '../../../services/executions.ts';
import type { LockItem } from '../../../services/locks/lock-item.ts';
import type { TargetLocks } from '../../../services/locks/target-locks.ts';
import { historyItem, type RequestFacts, requestFactsIn } from '../../recording/history-item.ts';
import { installedAfter } from '../../recording/installed-after.ts';
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
    /** The execution's input as text; left out when it is large. */
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
 * Not a state: started by EventBridge when an execution ends. Of an execution that broke off without passing a
 * recording state (aborted, timed out, died) it releases the locks and writes `lost` into the history, in one
 * transaction. After any other, or when called again, there is nothing left to do. An execution that runs again
 * (redriven) keeps its locks.
 */
export const createHandler =
  (by: Services) =>
  async ({ detail }: Input): Promise<TaskSummary> => {
    const { executionArn, status } = detail;
    if (!endings.has(status)) return { summary: `${executionArn} is ${status}` };
    const facts = requestFactsIn(parseJson(detail.input ?? ''));
    const lock = await by.locks.read(facts.targetId);
    const held = lock.owner === executionArn ? lock : null;
    if (held === null && (await isRecorded(by, detail, facts))) return { summary: 'recorded before' };
    if ((await by.executions.status(executionArn)) === 'running') return { summary: 'it runs again' };
    return { summary: await recordLost(by, detail, { facts, held }) };
  };

/** A success has passed a recording state; of other endings only the history knows. */
async function isRecorded(
  by: Services,
  { status, executionArn }: Input['detail'],
  { targetId }: RequestFacts,
) {
  return status === 'SUCCEEDED' || (await by.history.find(targetId, executionArn)) !== null;
}

const endings = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);

async function recordLost(
  by: Services,
  detail: Input['detail'],
  { facts, held }: { facts: RequestFacts; held: LockItem | null },
): Promise<string> {
  const { executionArn, name, status, startDate } = detail;
  const hostLock = await findHeldHostLock(by, facts.host, executionArn);
  const item = historyItem({
    facts,
    ending: { outcome: 'lost', summary: whatBroke(status, held), reason: status, repair: null, warnings: [] },
    deploymentId: name,
    executionArn,
    startedAt: held?.startedAt ?? new Date(startDate).toISOString(),
    endedAt: by.clock.now(),
    fence: held?.fence ?? null,
    previousFingerprint: null,
    lock: hostLock,
    // what an event says has no states in it
    phases: { push: null, probe: null, rollback: null },
    recordedBy: 'status-change',
  });
  const left = {
    host: facts.host,
    place: null,
    version: null,
    before: null,
    nothingSent: false,
    isTakenOver: false,
  };
  return record(by, item, {
    release: held && { targetId: facts.targetId, executionArn, fence: held.fence },
    host: hostLock,
    installed: held && installedAfter(item, left),
    // an execution that was stopped says nothing about the version
    failedRollout: null,
  });
}

function whatBroke(status: string, held: LockItem | null): string {
  const how = `the execution ended ${status} before it could record its outcome`;
  if (held === null) return `${how}; it did not hold the target's lock`;
  return held.pending === null
    ? `${how}; nothing was sent to the host`
    : `${how}; a job was on its way to the host, which may have done it`;
}

/** An event without its input names no target: the lock is taken over by the next deployment that asks. */
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
