import { CertferryError } from '../../core/errors.ts';
import { RolloutId, RolloutRequest } from '../../core/rollout/rollout.ts';
import { problemLines } from '../../core/targets/problems.ts';

/**
 * The input of an execution as a request for a rollout.
 * @throws CertferryError InvalidRequest, naming the fields; also when the execution's name cannot be a rollout's id
 */
export function readRolloutRequest(raw: unknown, executionName: string): RolloutRequest {
  const parsed = RolloutRequest.safeParse(raw);
  if (!parsed.success) {
    const problems = problemLines({ schema: RolloutRequest, input: raw }, parsed.error.issues);
    throw new CertferryError(
      'InvalidRequest',
      `the execution's input is not a request for a rollout: ${problems.join('; ')}`,
      { details: { problems } },
    );
  }
  if (!RolloutId.safeParse(executionName).success) {
    throw new CertferryError(
      'InvalidRequest',
      `the execution's name "${executionName}" becomes the rollout's id: letters, digits, "_" and "-" only`,
    );
  }
  return parsed.data;
}
