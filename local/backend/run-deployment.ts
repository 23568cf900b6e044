// Single deployments: each is an execution of `deploy-target` that this process runs to its end.
import {
  DeploymentRequest,
  RecordedDeployment,
  type RequestAction,
} from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { CertferryError } from '../../core/errors.ts';
import { newExecutionName } from '../../core/execution-name.ts';
import type { Target } from '../../core/targets/target.ts';
import { createRequestNumbers } from '../../services/locks/request-numbers.ts';
import type { Cloud } from '../cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import type { ExecutionStatus } from '../step-functions/execution-record.ts';
import { type EndedExecution, executionArn } from '../step-functions/executions.ts';
import { recordedIn } from './inspect-execution.ts';

/** The bytes of a version, as a secret of `docs/sources.md` holds them; `pkcs12` is base64. */
export type Secret =
  | {
      readonly certificate: string;
      readonly chain?: string;
      readonly privateKey: string;
      readonly passphrase?: string;
    }
  | { readonly pkcs12: string; readonly passphrase?: string };

/** One wish for one target. `deploy` and `validate` need the secret and its leaf's fingerprint, `rollback` neither. */
export interface DeployRequest {
  readonly target: Target;
  readonly action: RequestAction;
  readonly secret?: Secret | undefined;
  readonly fingerprint?: string | undefined;
  /** Told of each event as it happens; what it throws is not caught. */
  readonly onEvent?: ((event: ExecutionEvent) => void) | undefined;
}

export interface DeployResult {
  readonly executionName: string;
  readonly status: ExecutionStatus;
  /** What the recording state wrote; of outcome `lost` when none could. */
  readonly output: RecordedDeployment;
  readonly events: readonly ExecutionEvent[];
}

/** Runs one deployment to its end. Throws InvalidRequest; every other end is an output. */
export async function deploy(cloud: Cloud, wish: DeployRequest): Promise<DeployResult> {
  const { target, action, secret, fingerprint, onEvent = () => undefined } = wish;
  const location = secret === undefined ? null : cloud.secrets.put(secret);
  try {
    const version =
      location === null ? null : { fingerprint, source: { kind: 'secretsmanager' as const, ...location } };
    const executionName = newExecutionName(target.id, new Date());
    const request = parseRequest({ target, action, version });
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
      output: recordedIn(ended.events, RecordedDeployment) ?? unrecorded(target.id, ended),
      events: ended.events,
    };
  } finally {
    if (location !== null) cloud.secrets.drop(location);
  }
}

function parseRequest(request: object): DeploymentRequest {
  const parsed = DeploymentRequest.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CertferryError('InvalidRequest', `the deployment cannot be started: ${problems.join('; ')}`);
}

function unrecorded(targetId: string, { name, status, error, cause }: EndedExecution): RecordedDeployment {
  return {
    deploymentId: name,
    targetId,
    outcome: 'lost',
    summary: `execution ${name} ended ${status} before its outcome was recorded${cause === null ? '' : `: ${cause}`}`,
    reason: error,
    fingerprint: null,
    previousFingerprint: null,
    fence: null,
    warnings: [],
    repair: null,
  };
}
