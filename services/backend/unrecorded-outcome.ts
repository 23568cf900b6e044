import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';

/** The result of a deployment whose outcome no state recorded. Versions and fence are unknown. */
export function unrecordedDeployment(
  known: Pick<RecordedDeployment, 'deploymentId' | 'targetId' | 'outcome' | 'summary' | 'reason'>,
): RecordedDeployment {
  return {
    ...known,
    fingerprint: null,
    previousFingerprint: null,
    fence: null,
    warnings: [],
    repair: null,
  };
}

/** An execution that ended without a recorded outcome. `status` and `error` are those of Step Functions. */
export interface BrokenOffExecution {
  readonly name: string;
  readonly targetId: string;
  readonly status: string;
  readonly error: string | null;
  readonly cause: string | null;
  readonly events: readonly ExecutionEvent[];
}

/** The state that sends the first job to the host. */
const firstSender = 'PushBundle';

/** `lost`, or `rejected` if the execution ended before it could send a job: the same as the history records. */
export function brokenOffDeployment(execution: BrokenOffExecution): RecordedDeployment {
  const { name, targetId, status, error, cause, events } = execution;
  const mayHaveSent = events.some(({ state }) => state?.name === firstSender);
  const end = `execution ${name} ended with status ${status} before it recorded an outcome${cause === null ? '' : `: ${cause}`}`;
  return unrecordedDeployment({
    deploymentId: name,
    targetId,
    outcome: mayHaveSent ? 'lost' : 'rejected',
    summary: mayHaveSent ? end : `${end}; no job was sent to the host, so nothing was changed`,
    reason: mayHaveSent ? (error ?? status) : 'Interrupted',
  });
}
