import { daysUntil } from '../certificate/describe.ts';
import type { AgentLine, HostInspection } from '../deployment/agent-line.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { Verify } from '../targets/verify.ts';
import type { SeenAddress, Sight } from './drift.ts';

/** One target that only its host can look at. */
export interface HostQuestion {
  readonly targetId: string;
  readonly host: string;
  readonly verify: Verify;
  readonly version: VersionFacts | null;
}

/**
 * What became of asking a host. `away`: SSM cannot hand it a command, so it could not be deployed to either. `not_asked`:
 * this time it was not to be asked, or did not answer, which says nothing about what it serves.
 */
export type HostAnswer =
  | { readonly kind: 'answered'; readonly line: AgentLine }
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'not_asked'; readonly why: string };

/** What is known of one target after its host was asked; as after a look from here. Pure. */
export function sightFromHost({ targetId, verify }: HostQuestion, answer: HostAnswer, now: Date): Sight {
  const { addresses, requireChain, endpoint } = verify;
  switch (answer.kind) {
    case 'away':
      return { addresses, requireChain, looks: [unseen(endpoint, `its host is away: ${answer.why}`)] };
    case 'not_asked':
      return { notLooked: answer.why };
    case 'answered': {
      const { looks, summary } = answer.line;
      if (looks === undefined) return { notLooked: `its host did not look: ${summary}` };
      const seen = looks.find((one) => one.targetId === targetId)?.seen;
      if (seen == null) return { notLooked: 'its host saw more than it could tell' };
      return { addresses, requireChain, looks: seen.map((one) => withDays(one, now)) };
    }
  }
}

/** By the clock of whoever judges all targets: a host's may be wrong. */
function withDays({ served, ...look }: NonNullable<HostInspection['seen']>[number], now: Date): SeenAddress {
  if (served === null) return { ...look, served };
  const { fingerprint, chain, notAfter } = served;
  return { ...look, served: { fingerprint, chain, daysLeft: daysUntil(notAfter, now) } };
}

const unseen = (address: string, problem: string): SeenAddress => ({ address, problem, served: null });
