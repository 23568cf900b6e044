import * as z from 'zod/mini';
import { Deployment, ProbeResult } from '../../../core/deployment/deployment.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { probeResult } from '../../delivery/job-results.ts';
import { task } from '../../runtime/task.ts';

const Input = z.object({ deployment: Deployment, version: z.nullable(VersionFacts), attempt: z.int() });
type Input = z.infer<typeof Input>;

/**
 * State ProbeEndpoint: one probe of every address of the endpoint. It changes nothing, so any call may be repeated. It throws
 * ProbeUnavailable if the probe could not be made.
 */
export const createHandler =
  (by: { readonly probe: typeof probe }) =>
  async ({ deployment, version, attempt }: Input): Promise<ProbeResult> => {
    const { verify, id } = deployment.target;
    if (verify === 'none' || version === null) {
      throw new CertferryError(
        'ProbeUnavailable',
        `target ${id} cannot be probed: ${verify === 'none' ? 'it has verify: none' : 'the host did not report the installed version'}`,
      );
    }
    const observations = await by.probe({ verify, version });
    return probeResult(observations, { verify, attempt });
  };

export const handler = task('ProbeEndpoint', {
  input: Input,
  result: ProbeResult,
  build: () => createHandler({ probe }),
});
