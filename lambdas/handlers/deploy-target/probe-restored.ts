import * as z from 'zod/mini';
import { Deployment, ProbeResult } from '../../../core/deployment/deployment.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { judge } from '../../../core/tls-probe/judge.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { probeResult } from '../../delivery/job-results.ts';
import { task } from '../../runtime/task.ts';

const Input = z.object({
  deployment: Deployment,
  failed: z.nullable(VersionFacts),
  version: z.nullable(VersionFacts),
  attempt: z.int(),
});
type Input = z.infer<typeof Input>;

/**
 * State ProbeRestored: is the old leaf served again? It changes nothing, so any call may be repeated. Where there
 * was no old leaf there is nothing to see; and an endpoint that to the end serves a third certificate does not
 * reach this node, so it says nothing against the restored files.
 */
export const createHandler =
  (by: { readonly probe: typeof probe }) =>
  async ({ deployment, failed, version, attempt }: Input): Promise<ProbeResult> => {
    const { verify } = deployment.target;
    if (verify === 'none' || version === null) return nothingBefore(attempt);
    const observations = await by.probe({ verify, version });
    const result = probeResult(judge(observations, verify), observations, { verify, attempt });
    const ours = [version.fingerprint, ...(failed === null ? [] : [failed.fingerprint])];
    return result.verdict === 'exhausted' && leadsElsewhere(observations, ours) ? elsewhere(result) : result;
  };

/** Something answers, and none of those that answer serves the old or the failed leaf. */
function leadsElsewhere(observations: ProbeResult['observations'], ours: readonly string[]): boolean {
  const served = observations.flatMap(({ fingerprint }) => (fingerprint === null ? [] : [fingerprint]));
  return served.length > 0 && served.every((fingerprint) => !ours.includes(fingerprint));
}

function elsewhere(result: ProbeResult): ProbeResult {
  const summary = `the endpoint serves a certificate that is neither the old nor the new one: it does not reach this node (${result.summary})`;
  return { ...result, verdict: 'other_certificate', summary };
}

function nothingBefore(attempt: number): ProbeResult {
  const summary = 'there was no certificate before this deployment, so there is nothing to see';
  return {
    verdict: 'no_previous_certificate',
    attempt: attempt + 1,
    waitSeconds: 0,
    summary,
    observations: [],
  };
}

export const handler = task('ProbeRestored', {
  input: Input,
  result: ProbeResult,
  build: () => createHandler({ probe }),
});
