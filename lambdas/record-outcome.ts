import * as z from 'zod/mini';
import type { RecordedDeployment } from '../core/deployment/deployment.ts';
import { RecordedDeployment as Recorded } from '../core/deployment/deployment.ts';
import { EndedState, endingOf, RecordingPath } from './recording/ended.ts';
import { historyItem, wishIn } from './recording/item.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { history, locks } from './runtime/dynamodb.ts';
import { ExecutionContext } from './runtime/events.ts';
import { task } from './runtime/task.ts';
import type { History, HistoryItem } from './services/history.ts';
import type { Locks } from './services/locks.ts';

const Input = z.object({
  path: RecordingPath,
  execution: ExecutionContext,
  request: z.unknown(),
  state: EndedState,
});
type Input = z.infer<typeof Input>;

interface Services {
  readonly locks: Locks;
  readonly history: History;
  readonly clock: Clock;
}

/**
 * The recording states: writes how the deployment ended and lets go of the target's lock, in one transaction. The lock
 * is released only if this execution holds it, so a state that comes too late cannot release another's. Called again
 * by the same execution it changes nothing and answers what was recorded.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<RecordedDeployment> => {
    const { targetId } = wishIn(input.request);
    const lock = await by.locks.read(targetId);
    const held = lock.owner === input.execution.id ? lock : null;
    const fence = held?.fence ?? input.state.deployment?.fence ?? null;
    const item = itemOf(input, { endedAt: by.clock.now(), fence, lock: held });
    const release = held && { targetId, executionArn: input.execution.id, fence: held.fence };

    let recording = await by.history.record(item, release);
    // taken over since it was read: the outcome is written all the same
    if (recording === 'not_held') recording = await by.history.record(item, null);
    if (recording === 'recorded') return recorded(item);
    return recorded((await by.history.find(targetId, input.execution.id)) ?? item);
  };

function itemOf(
  { path, execution, request, state }: Input,
  {
    endedAt,
    fence,
    lock,
  }: { endedAt: Date; fence: number | null; lock: { acquiredAt: string | null } | null },
): HistoryItem {
  const wish = wishIn(request);
  const { deployment, push, rollback } = state;
  const installed = path === 'committed' ? push?.version?.fingerprint : undefined;
  const before = rollback?.version ?? push?.previousVersion;
  return historyItem({
    wish: {
      ...wish,
      fingerprint: installed ?? wish.fingerprint ?? push?.version?.fingerprint ?? null,
      requestNumber: deployment?.requestNumber ?? wish.requestNumber,
    },
    ending: endingOf(path, state),
    deploymentId: execution.name,
    executionArn: execution.id,
    startedAt: execution.startedAt,
    endedAt,
    fence,
    previousFingerprint: before?.fingerprint ?? null,
    lock,
    recordedBy: 'graph',
  });
}

function recorded(item: HistoryItem): RecordedDeployment {
  const { deploymentId, targetId, outcome, summary, reason, warnings, repair } = item;
  const { fingerprint, previousFingerprint, fence } = item;
  return {
    deploymentId,
    targetId,
    outcome,
    summary,
    reason,
    fingerprint,
    previousFingerprint,
    fence,
    warnings,
    repair,
  };
}

export const handler = task('RecordOutcome', {
  input: Input,
  result: Recorded,
  build: () => createHandler({ locks: locks(), history: history(), clock: systemClock }),
});
