import * as z from 'zod/mini';
import { Deployment, ProbeResult } from '../../../core/deployment/deployment.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import { judgeProbe } from '../../../core/tls-probe/judge-probe.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { probeResult } from '../../delivery/job-results.ts';
import { task } from '../../runtime/task.ts';

const Input = z.object({
  deployment: Deployment,
  version: z.nullable(VersionFacts),
  attempt: z.int(),
  /** True in the state CountLateProbe: a probe of the function or of the host returned no result in time. */
  isLate: z.optional(z.boolean()),
});
type Input = z.infer<typeof Input>;

const lateProbe = { verified: false, summary: 'the probe returned no result in time' };

/**
 * State ProbeEndpoint: one probe of every address of the endpoint. State CountLateProbe: counts a late probe as one attempt
 * without an answer, and opens no connection. Neither changes anything, so any call may be repeated.
 */
export const createHandler =
  (by: { readonly probe: typeof probe }) =>
  async ({ deployment, version, attempt, isLate }: Input): Promise<ProbeResult> => {
    const { verify, id } = deployment.target;
    if (verify === 'none' || version === null) {
      throw new CertferryError(
        'ProbeFailed',
        `target ${id} cannot be probed: ${verify === 'none' ? 'it has verify: none' : 'the host did not report the installed version'}`,
      );
    }
    if (isLate === true) return probeResult(lateProbe, [], { verify, attempt });
    const observations = await by.probe({ verify, version });
    return probeResult(judgeProbe(observations, verify), observations, { verify, attempt });
  };

export const handler = task('ProbeEndpoint', {
  input: Input,
  result: ProbeResult,
  build: () => createHandler({ probe }),
});
