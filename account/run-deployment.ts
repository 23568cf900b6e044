import type { SFNClient } from '@aws-sdk/client-sfn';
import type { DeploymentRequest } from '../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../core/deployment/execution-event.ts';
import { CertferryError } from '../core/errors.ts';
import { newExecutionName } from '../core/execution-name.ts';
import type { DeploymentResult, DeployRequest, OnEvent } from '../services/backend/backend.ts';
import { recordedDeployment } from '../services/backend/recorded-outcome.ts';
import { brokenOffDeployment } from '../services/backend/unrecorded-outcome.ts';
import type { Executions } from '../services/executions.ts';
import { followExecution } from './executions/follow-execution.ts';

/** A version by its fingerprint and its source location. */
export type StackVersion = NonNullable<DeploymentRequest['version']>;

interface DeploymentServices {
  readonly sfn: SFNClient;
  readonly executions: Pick<Executions, 'start'>;
  readonly deployTargetArn: string;
}

/** Starts an execution of `deploy-target` and follows it to its end. */
export async function runDeployment(
  { sfn, executions, deployTargetArn }: DeploymentServices,
  { target, action, version, lockWaitSeconds }: DeployRequest<StackVersion>,
  onEvent: OnEvent = () => {},
): Promise<DeploymentResult> {
  const name = newExecutionName(target.id, new Date());
  const request = {
    target,
    action,
    version,
    ...(lockWaitSeconds !== undefined && { lockWaitSeconds }),
  } satisfies DeploymentRequest;
  const arn = await executions.start(deployTargetArn, name, request);
  if (arn === null)
    throw new CertferryError('InvalidRequest', `the execution ${name} exists already. Try again.`);
  const events = await followExecution(sfn, arn, { onEvent });
  const brokenOff = () => brokenOffDeployment({ name, targetId: target.id, ...endOf(events), events });
  return {
    executionName: name,
    executionArn: arn,
    output: recordedDeployment(events) ?? brokenOff(),
    events,
  };
}

/** The status that the last event shows. */
function endOf(events: readonly ExecutionEvent[]) {
  const last = events.at(-1);
  const status = statuses[last?.type ?? ''] ?? 'FAILED';
  const cause = typeof last?.Cause === 'string' && last.Cause !== '' ? last.Cause : null;
  return { status, error: last?.Error ?? null, cause };
}

const statuses: Readonly<Record<string, string>> = {
  ExecutionAborted: 'ABORTED',
  ExecutionTimeout: 'TIMED_OUT',
};
