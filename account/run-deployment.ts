import type { SFNClient } from '@aws-sdk/client-sfn';
import type { DeploymentRequest } from '../core/deployment/deployment.ts';
import { CertferryError } from '../core/errors.ts';
import { newExecutionName } from '../core/execution-name.ts';
import type { DeploymentResult, DeployRequest, OnEvent } from '../services/backend/backend.ts';
import { recordedDeployment } from '../services/backend/recorded-outcome.ts';
import { unrecordedDeployment } from '../services/backend/unrecorded-outcome.ts';
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
  { target, action, version }: DeployRequest<StackVersion>,
  onEvent: OnEvent = () => {},
): Promise<DeploymentResult> {
  const name = newExecutionName(target.id, new Date());
  const request = { target, action, version } satisfies DeploymentRequest;
  const arn = await executions.start(deployTargetArn, name, request);
  if (arn === null)
    throw new CertferryError('InvalidRequest', `the execution ${name} exists already. Try again.`);
  const events = await followExecution(sfn, arn, { onEvent });
  const lost = () =>
    unrecordedDeployment({
      deploymentId: name,
      targetId: target.id,
      outcome: 'lost',
      summary: `execution ${name} ended before it recorded an outcome`,
      reason: null,
    });
  return { executionName: name, output: recordedDeployment(events) ?? lost(), events };
}
