import { textLimits } from '../bounds/channels.ts';
import { cutText } from '../bounds/cut-text.ts';
import type { Baseline } from '../deployment/baseline.ts';
import { isUnavailable, toProbeError } from '../probe-failure.ts';
import type { VerifyPolicy } from '../targets/verify.ts';
import { inspectEndpoint } from './inspect-endpoint.ts';

/**
 * Seconds for the resolver, and for the handshakes, of a baseline probe. It must not delay a deployment to an endpoint that
 * does not answer, for example before its first certificate.
 */
const maximumTimeoutSeconds = { lambda: 2, host: 1 } as const;

/**
 * Probes every address of the endpoint once, before a deployment changes anything. Never throws, because a deployment must
 * not fail for it. Null for a target with `verify: none`, or if the probe could not be made: that is no evidence that the
 * endpoint was unreachable.
 */
export async function observeBaseline(
  verify: VerifyPolicy,
  from: Baseline['from'],
): Promise<Baseline | null> {
  if (verify === 'none') return null;
  const { endpoint, serverName, protocol } = verify;
  const timeoutSeconds = Math.min(verify.timeoutSeconds, maximumTimeoutSeconds[from]);
  try {
    const found = await inspectEndpoint({ endpoint, serverName, protocol, timeoutSeconds }, new Date());
    if (found.some(({ unavailable }) => unavailable) || found.every(({ noRoute }) => noRoute)) return null;
    return {
      from,
      addresses: found.map(({ address, served, problem }) => ({
        address,
        fingerprint: served?.fingerprint ?? null,
        problem: bounded(problem),
      })),
    };
  } catch (error) {
    const failure = toProbeError(error);
    if (isUnavailable(failure)) return null;
    return { from, addresses: [{ address: endpoint, fingerprint: null, problem: bounded(failure.message) }] };
  }
}

const bounded = (problem: string | null) =>
  problem === null ? null : cutText(problem, textLimits.baselineProblem);
