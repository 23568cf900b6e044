import type { X509Certificate } from 'node:crypto';
import { epochSeconds, fingerprintOf } from '../certificate/facts.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { Verify } from '../targets/verify.ts';
import { judge } from '../tls-probe/judge.ts';
import { nextWaitSeconds } from '../tls-probe/schedule.ts';

/**
 * Which leaves a service may serve beside the new one while not all of its nodes have that: what the others are
 * known to have, or any where that is not known (`before` null). Never one that has expired.
 */
export function mayStillServe(before: readonly string[] | null, now: Date) {
  return (leaf: X509Certificate): boolean =>
    epochSeconds(leaf.validTo) > now.getTime() / 1000 &&
    (before === null || before.includes(fingerprintOf(leaf)));
}

/** What one look at every service comes to. `stale` when one is not right and has no attempt left. */
export interface ServicesView {
  readonly verdict: 'right' | 'back_off' | 'stale';
  /** Until the next look; 0 unless it backs off. */
  readonly waitSeconds: number;
  readonly summary: string;
}

/** Judges a look at every service endpoint; `attempt` is its number, from 1. Pure. */
export function judgeServices(
  looks: readonly { readonly verify: Verify; readonly observations: readonly Observation[] }[],
  attempt: number,
): ServicesView {
  const views = looks.map(({ verify, observations }) => ({ verify, ...judge(observations, verify) }));
  const wrong = views.filter(({ verified }) => !verified);
  const summary = (wrong.length > 0 ? wrong : views).map((view) => view.summary).join('; ');
  if (wrong.length === 0) return { verdict: 'right', waitSeconds: 0, summary };
  const waits = wrong.map(({ verify }) => nextWaitSeconds(verify, attempt));
  const known = waits.filter((wait) => wait !== null);
  if (known.length < waits.length) return { verdict: 'stale', waitSeconds: 0, summary };
  return { verdict: 'back_off', waitSeconds: Math.max(...known), summary };
}
