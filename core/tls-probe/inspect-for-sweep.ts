import { textLimits } from '../bounds/channels.ts';
import { cutText } from '../bounds/cut-text.ts';
import type { HostInspection } from '../deployment/agent-line.ts';
import type { InspectionRequest } from '../deployment/job.ts';
import { isUnavailable, toProbeError } from '../probe-failure.ts';
import { type AddressInspection, inspectEndpoint } from './inspect-endpoint.ts';

/** A server may send any number of certificates; a correct chain has few. */
const maximumChainLength = 10;

/** What each endpoint serves, for the drift sweep. An error becomes the problem of its endpoint. */
export function inspectForSweep(
  requests: readonly InspectionRequest[],
  now: Date,
): Promise<HostInspection[]> {
  return Promise.all(requests.map((request) => inspectTarget(request, now)));
}

async function inspectTarget(
  { targetId, verify, version }: InspectionRequest,
  now: Date,
): Promise<HostInspection> {
  const { endpoint, serverName, protocol, timeoutSeconds } = verify;
  try {
    const inspections = await inspectEndpoint(
      { endpoint, serverName, protocol, timeoutSeconds, version },
      now,
    );
    return { targetId, seen: inspections.map(shorten) };
  } catch (error) {
    const failure = toProbeError(error);
    const inspection = { address: endpoint, problem: failure.message, served: null };
    const seen = isUnavailable(failure) ? { ...inspection, unavailable: true as const } : inspection;
    return { targetId, seen: [shorten(seen)] };
  }
}

function shorten({
  address,
  problem,
  served,
  noRoute,
  unavailable,
}: AddressInspection): NonNullable<HostInspection['seen']>[number] {
  return {
    address,
    problem: problem === null ? null : cutText(problem, textLimits.problem),
    served: served && {
      fingerprint: served.fingerprint,
      chain: served.chain.slice(0, maximumChainLength),
      notAfter: served.notAfter,
    },
    ...(noRoute === true && { noRoute }),
    ...(unavailable === true && { unavailable }),
  };
}
