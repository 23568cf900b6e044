import { daysUntil } from '../certificate/describe.ts';
import type { AgentLine, HostInspection } from '../deployment/agent-line.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { Verify } from '../targets/verify.ts';
import type { EndpointInspection, InspectedAddress } from './finding.ts';

/** A target that only its host can probe. */
export interface HostInspectionTarget {
  readonly targetId: string;
  readonly host: string;
  readonly verify: Verify;
  readonly version: VersionFacts | null;
}

/**
 * The result of an inspect job on a host. `offline`: SSM cannot deliver a command, so a deployment would fail too.
 * `not_inspected`: no job was sent, or no result came back, so the state of the endpoint is unknown.
 */
export type HostReply =
  | { readonly kind: 'answered'; readonly line: AgentLine }
  | { readonly kind: 'offline'; readonly why: string }
  | { readonly kind: 'not_inspected'; readonly why: string };

/** The inspection of one target from the reply of its host, in the same form as an inspection from here. Pure. */
export function inspectionFromHost(
  { targetId, verify }: HostInspectionTarget,
  reply: HostReply,
  now: Date,
): EndpointInspection {
  const { addresses, requireChain, endpoint } = verify;
  switch (reply.kind) {
    case 'offline': {
      const unreachable = { address: endpoint, problem: `its host is offline: ${reply.why}`, served: null };
      return { addresses, requireChain, inspections: [unreachable] };
    }
    case 'not_inspected':
      return { notInspected: reply.why };
    case 'answered': {
      const { inspections, summary } = reply.line;
      if (inspections === undefined) return { notInspected: `its host did not probe: ${summary}` };
      const seen = inspections.find((one) => one.targetId === targetId)?.seen;
      if (seen == null) return { notInspected: 'the result of its host was too long' };
      return { addresses, requireChain, inspections: seen.map((one) => withDaysLeft(one, now)) };
    }
  }
}

/** Uses one clock for all targets, because the clock of a host may be wrong. */
function withDaysLeft(
  { served, ...address }: NonNullable<HostInspection['seen']>[number],
  now: Date,
): InspectedAddress {
  if (served === null) return { ...address, served };
  const { fingerprint, chain, notAfter } = served;
  return { ...address, served: { fingerprint, chain, notAfter, daysLeft: daysUntil(notAfter, now) } };
}
