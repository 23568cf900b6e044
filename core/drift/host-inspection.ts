import { daysUntil } from '../certificate/describe.ts';
import type { AgentLine, HostInspection } from '../deployment/agent-line.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { Verify } from '../targets/verify.ts';
import type { EndpointInspection, InspectedAddress } from './finding.ts';

/** One target that only its host can look at. */
export interface HostInspectionTarget {
  readonly targetId: string;
  readonly host: string;
  readonly verify: Verify;
  readonly version: VersionFacts | null;
}

/**
 * What became of asking a host. `away`: SSM cannot hand it a command, so it could not be deployed to either. `not_asked`:
 * this time it was not to be asked, or did not answer, which says nothing about what it serves.
 */
export type HostReply =
  | { readonly kind: 'answered'; readonly line: AgentLine }
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'not_asked'; readonly why: string };

/** What is known of one target after its host was asked; as after a look from here. Pure. */
export function inspectionFromHost(
  { targetId, verify }: HostInspectionTarget,
  answer: HostReply,
  now: Date,
): EndpointInspection {
  const { addresses, requireChain, endpoint } = verify;
  switch (answer.kind) {
    case 'away':
      return { addresses, requireChain, inspections: [unseen(endpoint, `its host is away: ${answer.why}`)] };
    case 'not_asked':
      return { notInspected: answer.why };
    case 'answered': {
      const { inspections, summary } = answer.line;
      if (inspections === undefined) return { notInspected: `its host did not look: ${summary}` };
      const seen = inspections.find((one) => one.targetId === targetId)?.seen;
      if (seen == null) return { notInspected: 'its host saw more than it could tell' };
      return { addresses, requireChain, inspections: seen.map((one) => withDays(one, now)) };
    }
  }
}

/** By the clock of whoever judges all targets: a host's may be wrong. */
function withDays(
  { served, ...look }: NonNullable<HostInspection['seen']>[number],
  now: Date,
): InspectedAddress {
  if (served === null) return { ...look, served };
  const { fingerprint, chain, notAfter } = served;
  return { ...look, served: { fingerprint, chain, daysLeft: daysUntil(notAfter, now) } };
}

const unseen = (address: string, problem: string): InspectedAddress => ({ address, problem, served: null });
