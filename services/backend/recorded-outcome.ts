import type * as z from 'zod/mini';
import { RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { RecordedRollout } from '../../core/rollout/rollout.ts';

/** The outcome that an execution of `deploy-target` recorded; null if it recorded none. */
export function recordedDeployment(events: readonly ExecutionEvent[]): RecordedDeployment | null {
  return recordedAs(RecordedDeployment, events);
}

/** The outcome that an execution of `rollout` recorded; null if it recorded none. */
export function recordedRollout(events: readonly ExecutionEvent[]): RecordedRollout | null {
  return recordedAs(RecordedRollout, events);
}

/** The outcome that an execution of either state machine recorded. */
export function recordedOutcome(
  events: readonly ExecutionEvent[],
): RecordedDeployment | RecordedRollout | null {
  return recordedDeployment(events) ?? recordedRollout(events);
}

/** The recording state returns the outcome, so it is the input of the end state that follows. */
function recordedAs<Recorded>(
  schema: z.ZodMiniType<Recorded>,
  events: readonly ExecutionEvent[],
): Recorded | null {
  const end = events.findLast(
    ({ type, state }) => type === 'StateEntered' && (state?.type === 'Succeed' || state?.type === 'Fail'),
  );
  const recorded = schema.safeParse(end?.state?.input);
  return recorded.success ? recorded.data : null;
}
