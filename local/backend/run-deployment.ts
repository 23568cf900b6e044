// A single deployment: an execution of `deploy-target` that this process runs to its end.
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { newExecutionName } from '../../core/execution-name.ts';
import type { DeploymentResult, DeployRequest, OnEvent, Secret } from '../../services/backend/backend.ts';
import { recordedDeployment } from '../../services/backend/recorded-outcome.ts';
import { brokenOffDeployment } from '../../services/backend/unrecorded-outcome.ts';
import { createRequestNumbers } from '../../services/locks/request-numbers.ts';
import type { Cloud } from '../cloud/local-cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import type { ExecutionStatus } from '../step-functions/execution-record.ts';
import { executionArn } from '../step-functions/executions.ts';
import { expectLocal } from './expect-local.ts';
import { parseRequest } from './parse-request.ts';

/** The bytes of a version and the fingerprint of its leaf. */
export interface LocalVersion {
  readonly secret: Secret;
  readonly fingerprint: string;
}

export type LocalDeployRequest = DeployRequest<LocalVersion>;

export interface LocalDeploymentResult extends DeploymentResult {
  readonly status: ExecutionStatus;
}

/** Runs one deployment to its end. Throws InvalidRequest, InvalidTarget and StateFolderFull; any other failure is an outcome. */
export async function runDeployment(
  cloud: Cloud,
  { target, action, version, lockWaitSeconds }: LocalDeployRequest,
  onEvent: OnEvent = () => {},
): Promise<LocalDeploymentResult> {
  expectLocal(target, cloud.permitted);
  cloud.requireSpace(1);
  const location = version === null ? null : cloud.secrets.put(version.secret);
  try {
    const executionName = newExecutionName(target.id, new Date());
    const source = { kind: 'secretsmanager', ...location };
    const request = parseRequest('deployment', DeploymentRequest, {
      target,
      action,
      version: version === null ? null : { fingerprint: version.fingerprint, source },
      ...(lockWaitSeconds !== undefined && { lockWaitSeconds }),
    });
    const requestNumber = await createRequestNumbers(cloud.documents, tableNames.locks).registerRequest({
      targetId: target.id,
      requestId: executionArn(executionName),
      supersedes: action !== 'validate',
      now: new Date(),
    });
    const ended = await cloud.executions.run(executionName, { ...request, requestNumber }, onEvent);
    return {
      executionName,
      status: ended.status,
      output: recordedDeployment(ended.events) ?? brokenOffDeployment({ ...ended, targetId: target.id }),
      events: ended.events,
    };
  } finally {
    if (location !== null) cloud.secrets.drop(location);
  }
}
