import type { X509Certificate } from 'node:crypto';
import { textLimits } from '../bounds/channels.ts';
import { cutText } from '../bounds/cut-text.ts';
import { epochSeconds, fingerprintOf } from '../certificate/facts.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { Verify } from '../targets/verify.ts';
import { nextWaitSeconds } from '../tls-probe/backoff.ts';
import { judgeProbe } from '../tls-probe/judge-probe.ts';

/**
 * Accepts the leaves that a service may serve besides the new one while some targets do not have it yet. These are
 * their previous versions, or any leaf if those are unknown (null). An expired leaf is never accepted.
 */
export function acceptsPreviousVersions(previousVersions: readonly string[] | null, now: Date) {
  return (leaf: X509Certificate): boolean =>
    epochSeconds(leaf.validTo) > now.getTime() / 1000 &&
    (previousVersions === null || previousVersions.includes(fingerprintOf(leaf)));
}

/**
 * The result of one probe of every service. `stale`: a service fails its probe and has no attempt left. `unavailable`: no service
 * failed its probe, but some could not be probed.
 */
export interface ServicesJudgement {
  readonly verdict: 'right' | 'back_off' | 'stale' | 'unavailable';
  /** Seconds until the next probe; 0 unless `verdict` is `back_off`. */
  readonly waitSeconds: number;
  readonly summary: string;
}

/** Judges one probe of every service endpoint; `attempt` is its number, from 1. Pure. */
export function judgeServices(
  probes: readonly { readonly verify: Verify; readonly observations: readonly Observation[] }[],
  attempt: number,
): ServicesJudgement {
  const judgements = probes.map(({ verify, observations }) => ({
    verify,
    ...judgeProbe(observations, verify),
  }));
  const missed = judgements.filter(({ verified }) => !verified);
  const summaries = (missed.length > 0 ? missed : judgements).map((judgement) => judgement.summary);
  const summary = cutText(summaries.join('; '), textLimits.summary);
  if (missed.length === 0) return { verdict: 'right', waitSeconds: 0, summary };
  const wrong = missed.filter(({ unavailable }) => !unavailable);
  if (wrong.length === 0) return { verdict: 'unavailable', waitSeconds: 0, summary };
  const waits = wrong.map(({ verify }) => nextWaitSeconds(verify, attempt));
  const known = waits.filter((wait) => wait !== null);
  if (known.length < waits.length) return { verdict: 'stale', waitSeconds: 0, summary };
  return { verdict: 'back_off', waitSeconds: Math.max(...known), summary };
}
