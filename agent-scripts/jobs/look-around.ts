import { type AgentLine, agentLine, type HostLook } from '../../core/deployment/agent-line.ts';
import type { JobHeader, LookRequest } from '../../core/deployment/job.ts';
import { isCertferryError } from '../../core/errors.ts';
import type { AddressLook, look as lookAt } from '../../core/tls-probe/look.ts';
import { refuseLate } from '../apply/fence.ts';
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
export async function lookAround(header: JobHeader, requests: readonly LookRequest[]): Promise<AgentLine> {
  const now = new Date();
  try {
    refuseLate(header, now);
  } catch (error) {
    if (isCertferryError(error)) return rejected(header, error);
    throw error;
  }
  const { look } = await import('../../core/tls-probe/look.ts');
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
  { targetId, verify, version }: LookRequest,
  look: typeof lookAt,
  now: Date,
): Promise<HostLook> {
  const { endpoint, serverName, protocol, timeoutSeconds } = verify;
  try {
    const looks = await look({ endpoint, serverName, protocol, timeoutSeconds, version }, now);
    return { targetId, seen: looks.map(told) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { targetId, seen: [told({ address: endpoint, problem, presented: null })] };
  }
}

function told({ address, problem, presented, noRoute }: AddressLook): NonNullable<HostLook['seen']>[number] {
  return {
    address,
    problem: problem?.slice(0, mostProblemCharacters) ?? null,
    presented: presented && {
      fingerprint: presented.fingerprint,
      chain: presented.chain.slice(0, mostSent),
      notAfter: presented.notAfter,
    },
    ...(noRoute === true && { noRoute }),
  };
}

/** What fits into a line, target by target: half of what was seen of one could be taken for the whole. */
export function withinLine(looks: readonly HostLook[]): HostLook[] {
  let characters = 0;
  return looks.map((one) => {
    const length = JSON.stringify(one).length;
    if (characters + length > mostLookCharacters) return { targetId: one.targetId, seen: null };
    characters += length;
    return one;
  });
}
