import type { AgentLine, HostInspection } from '../../core/deployment/agent-line.ts';
import type { InspectionRequest, JobHeader } from '../../core/deployment/job.ts';
import type { AddressInspection, inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import { resultLine } from '../journal/result-line.ts';

/** A result line has at most 23,000 bytes (`core/deployment/fit-agent-line.ts`). The other fields take a few hundred. */
const maximumInspectionBytes = 20_000;

/** A server may send any number of certificates; a correct chain has few. */
const maximumChainLength = 10;
const maximumProblemCharacters = 300;

/**
 * Job `inspect` with endpoints, for the drift sweep: returns what each endpoint serves to this host.
 */
export async function inspectEndpoints(
  header: JobHeader,
  requests: readonly InspectionRequest[],
): Promise<AgentLine> {
  const now = new Date();
  const { inspectEndpoint } = await import('../../core/tls-probe/inspect-endpoint.ts');
  const inspections = await Promise.all(
    requests.map((request) => inspectTarget(request, inspectEndpoint, now)),
  );
  return resultLine(header, {
    outcome: 'inspected',
    summary: `inspected ${inspections.length} ${inspections.length === 1 ? 'endpoint' : 'endpoints'} from this host`,
    inspections: withinLine(inspections),
  });
}

async function inspectTarget(
  { targetId, verify, version }: InspectionRequest,
  inspect: typeof inspectEndpoint,
  now: Date,
): Promise<HostInspection> {
  const { endpoint, serverName, protocol, timeoutSeconds } = verify;
  try {
    const inspections = await inspect({ endpoint, serverName, protocol, timeoutSeconds, version }, now);
    return { targetId, seen: inspections.map(shorten) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { targetId, seen: [shorten({ address: endpoint, problem, served: null })] };
  }
}

function shorten({
  address,
  problem,
  served,
  noRoute,
}: AddressInspection): NonNullable<HostInspection['seen']>[number] {
  return {
    address,
    problem: problem?.slice(0, maximumProblemCharacters) ?? null,
    served: served && {
      fingerprint: served.fingerprint,
      chain: served.chain.slice(0, maximumChainLength),
      notAfter: served.notAfter,
    },
    ...(noRoute === true && { noRoute }),
  };
}

/** Omits whole inspections that exceed the maximum: part of an inspection could be mistaken for all of it. */
export function withinLine(inspections: readonly HostInspection[]): HostInspection[] {
  let bytes = 0;
  return inspections.map((inspection) => {
    const length = Buffer.byteLength(JSON.stringify(inspection));
    if (bytes + length > maximumInspectionBytes) return { targetId: inspection.targetId, seen: null };
    bytes += length;
    return inspection;
  });
}
