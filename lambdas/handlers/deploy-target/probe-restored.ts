import * as z from 'zod/mini';
import { Baseline } from '../../../core/deployment/baseline.ts';
import { Deployment, ProbeResult } from '../../../core/deployment/deployment.ts';
import { VersionFacts } from '../../../core/deployment/version.ts';
import { asBeforeText, hasServed } from '../../../core/tls-probe/compare-baseline.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { probeResult } from '../../delivery/job-results.ts';
import { task } from '../../runtime/task.ts';

const Input = z.object({
  deployment: Deployment,
  failed: z.nullable(VersionFacts),
  version: z.nullable(VersionFacts),
  /** The push, for its baseline. Executions that started before an update of the stack send none. */
  push: z._default(z.nullable(z.object({ baseline: z.optional(Baseline) })), null),
  attempt: z.int(),
});
type Input = z.infer<typeof Input>;

/**
 * State ProbeRestored: checks that the previous leaf is served again. It changes nothing, so any call may be repeated. It throws
 * ProbeUnavailable if the probe could not be made.
 * Without a previous leaf there is nothing to verify. An endpoint that is as it was before the deployment is not blamed on the
 * rollback. Without a baseline, an endpoint that serves a third certificate in every attempt does not reach this node, so it
 * does not prove that the restored files are wrong.
 */
export const createHandler =
  (by: { readonly probe: typeof probe }) =>
  async ({ deployment, failed, version, push, attempt }: Input): Promise<ProbeResult> => {
    const { verify } = deployment.target;
    if (verify === 'none' || version === null) return noPreviousCertificate(attempt);
    const observations = await by.probe({ verify, version });
    const result = probeResult(observations, { verify, attempt });
    if (result.verdict !== 'exhausted') return result;
    return judgeByBaseline(result, push?.baseline ?? null, { failed, version });
  };

interface Leaves {
  readonly failed: VersionFacts | null;
  readonly version: VersionFacts;
}

/** The result of the last attempt, which did not find the previous leaf. */
function judgeByBaseline(
  result: ProbeResult,
  baseline: Baseline | null,
  { failed, version }: Leaves,
): ProbeResult {
  const versions = { version: failed, previousVersion: version, from: 'lambda' } as const;
  const asBefore = baseline === null ? null : asBeforeText(baseline, result.observations, versions);
  if (asBefore !== null) {
    return { ...result, verdict: 'as_before', summary: `${result.summary}; ${asBefore}` };
  }
  const hasReachedNode = baseline !== null && hasServed(baseline, version);
  const ours = [version.fingerprint, ...(failed === null ? [] : [failed.fingerprint])];
  return !hasReachedNode && servesOtherCertificate(result.observations, ours)
    ? otherCertificate(result)
    : result;
}

/** At least one address answers, and none serves the previous or the failed leaf. */
function servesOtherCertificate(observations: ProbeResult['observations'], ours: readonly string[]): boolean {
  const served = observations.flatMap(({ fingerprint }) => (fingerprint === null ? [] : [fingerprint]));
  return served.length > 0 && served.every((fingerprint) => !ours.includes(fingerprint));
}

function otherCertificate(result: ProbeResult): ProbeResult {
  const summary = `the endpoint serves neither the previous nor the new certificate, so it does not reach this node (${result.summary})`;
  return { ...result, verdict: 'other_certificate', summary };
}

function noPreviousCertificate(attempt: number): ProbeResult {
  const summary = 'there was no previous certificate, so there is nothing to verify';
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
