import { type AgentLine, agentLine, type HostInspection } from '../../core/deployment/agent-line.ts';
import type { InspectionRequest, JobHeader } from '../../core/deployment/job.ts';
import { isCertferryError } from '../../core/errors.ts';
import type { AddressInspection, look as lookAt } from '../../core/tls-probe/inspect-endpoint.ts';
import { refuseExpired } from '../journal/fence.ts';
import { rejected } from './deploy.ts';

/** SSM keeps 24,000 characters of output; the rest of the line takes a few hundred, and a host name may be long. */
const mostLookCharacters = 20_000;

/** A server may send whatever it likes; what is right is in the first few. */
const mostSent = 10;
const mostProblemCharacters = 300;

/**
 * Job `inspect` with looks, for the drift sweep: what this host sees at each of the endpoints. It needs nothing of what
 * the agent keeps and changes nothing on the host, so it is done without the host's lock and mends nothing: no deployment
 * waits for it, and it waits for none.
 */
export async function inspectEndpoints(
  header: JobHeader,
  requests: readonly InspectionRequest[],
): Promise<AgentLine> {
  const now = new Date();
  try {
    refuseExpired(header, now);
  } catch (error) {
    if (isCertferryError(error)) return rejected(header, error);
    throw error;
  }
  const { look } = await import('../../core/tls-probe/inspect-endpoint.ts');
  const looks = await Promise.all(requests.map((request) => seenAt(request, look, now)));
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'inspected',
    summary: `looked at ${looks.length} ${looks.length === 1 ? 'endpoint' : 'endpoints'} from this host`,
    looks: withinLine(looks),
  });
}

async function seenAt(
  { targetId, verify, version }: InspectionRequest,
  look: typeof lookAt,
  now: Date,
): Promise<HostInspection> {
  const { endpoint, serverName, protocol, timeoutSeconds } = verify;
  try {
    const looks = await look({ endpoint, serverName, protocol, timeoutSeconds, version }, now);
    return { targetId, seen: looks.map(told) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { targetId, seen: [told({ address: endpoint, problem, served: null })] };
  }
}

function told({
  address,
  problem,
  served,
  noRoute,
}: AddressInspection): NonNullable<HostInspection['seen']>[number] {
  return {
    address,
    problem: problem?.slice(0, mostProblemCharacters) ?? null,
    served: served && {
      fingerprint: served.fingerprint,
      chain: served.chain.slice(0, mostSent),
      notAfter: served.notAfter,
    },
    ...(noRoute === true && { noRoute }),
  };
}

/** What fits into a line, target by target: half of what was seen of one could be taken for the whole. */
export function withinLine(looks: readonly HostInspection[]): HostInspection[] {
  let characters = 0;
  return looks.map((one) => {
    const length = JSON.stringify(one).length;
    if (characters + length > mostLookCharacters) return { targetId: one.targetId, seen: null };
    characters += length;
    return one;
  });
}
