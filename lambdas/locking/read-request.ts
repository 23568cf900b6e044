import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { DeploymentId } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import { problemLines } from '../../core/targets/problems.ts';

/**
 * The input of an execution as a request. Throws InvalidTarget when the target is wrong and InvalidRequest when
 * something else is, naming the fields; also when the execution's name cannot be a deployment's id.
 */
export function readRequest(raw: unknown, executionName: string): DeploymentRequest {
  const parsed = DeploymentRequest.safeParse(raw);
  if (!parsed.success) {
    const onTarget = parsed.error.issues.every(({ path }) => path[0] === 'target');
    const problems = problemLines({ schema: DeploymentRequest, input: raw }, parsed.error.issues);
    throw new CertferryError(
      onTarget ? 'InvalidTarget' : 'InvalidRequest',
      `the execution's input is not a deployment request: ${problems.join('; ')}`,
      { details: { problems } },
    );
  }
  if (!DeploymentId.safeParse(executionName).success) {
    throw invalid(
      `the execution's name "${executionName}" becomes the deployment's id: letters, digits, "_" and "-" only`,
    );
  }
  return withVersion(parsed.data);
}

function withVersion(request: DeploymentRequest): DeploymentRequest {
  const { action, version } = request;
  if (action === 'rollback' && version !== null) {
    throw invalid(
      'version must be null for action rollback: the host has the version before the installed one',
    );
  }
  if (action !== 'rollback' && version === null) throw invalid(`version is required for action ${action}`);
  return request;
}

const invalid = (why: string) => new CertferryError('InvalidRequest', why);
