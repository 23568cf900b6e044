import { CertferryError } from '../../core/errors.ts';
import { RolloutId, RolloutRequest } from '../../core/rollout/rollout.ts';
import { problemLines } from '../../core/targets/problems.ts';

/**
 * Parses the input of an execution as a rollout request.
 * @throws CertferryError InvalidRequest, naming the fields; also if the execution's name is not a valid rollout id
 */
export function readRolloutRequest(raw: unknown, executionName: string): RolloutRequest {
  const parsed = RolloutRequest.safeParse(raw);
  if (!parsed.success) {
    const problems = problemLines({ schema: RolloutRequest, input: raw }, parsed.error.issues);
    throw new CertferryError(
      'InvalidRequest',
      `the execution's input is not a valid rollout request: ${problems.join('; ')}`,
      { details: { problems } },
    );
  }
  if (!RolloutId.safeParse(executionName).success) {
    throw new CertferryError(
      'InvalidRequest',
      `the execution's name "${executionName}" is not a valid rollout id. Use at most 80 letters, digits, "_" and "-".`,
    );
  }
  return parsed.data;
}
