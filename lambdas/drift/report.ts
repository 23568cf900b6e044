import * as z from 'zod/mini';
import { type Condition, conditions } from '../../core/drift/drift.ts';
import { type Patient, reasonNotToHeal } from '../../core/drift/healing.ts';
import type { Healing } from './heal.ts';
import type { Sweep, Swept } from './sweep.ts';

/**
 * What is said of one target on one host. `unresolved`: nobody knows on which hosts it is. `leftAlone`: why nothing is
 * done about what is wrong; null when nothing is wrong, or it is healed.
 */
const SweptTarget = z.object({
  targetId: z.string(),
  certificate: z.string(),
  host: z.nullable(z.string()),
  condition: z.enum([...conditions, 'unresolved']),
  daysToExpiry: z.nullable(z.int()),
  summary: z.string(),
  healing: z.boolean(),
  leftAlone: z.nullable(z.string()),
});
type SweptTarget = z.infer<typeof SweptTarget>;

/** What a sweep answers. */
export const SweepReport = z.object({
  summary: z.string(),
  swept: z.int(),
  counts: z.record(z.enum(conditions), z.int()),
  /** The target after which the next sweep begins; null when all were seen. */
  reached: z.nullable(z.string()),
  healing: z.array(
    z.object({
      certificate: z.string(),
      rollout: z.nullable(z.string()),
      targets: z.int(),
      summary: z.string(),
    }),
  ),
  /** The rollouts it started to look at certificates' sources. */
  asked: z.array(z.string()),
  /** The worst first, and how many more there are. */
  targets: z.array(SweptTarget),
  more: z.int(),
});
export type SweepReport = z.infer<typeof SweepReport>;

/** So that a report stays far below the 6 MB that an invocation may answer. */
const mostTargets = 1000;

/** What decides whether it is healed. */
export function patientOf({ finding, registered, member, installed }: Swept): Patient {
  return {
    finding,
    registeredId: registered.id,
    host: member.host,
    autoHeal: registered.autoHeal,
    onSeveralHosts: typeof registered.host !== 'string',
    last: installed && { outcome: installed.outcome, rollout: installed.rollout },
  };
}

interface Done {
  readonly healing: readonly Healing[];
  /** False: it was only asked to look. */
  readonly heals: boolean;
  readonly asked: readonly string[];
}

/** Pure. */
export function reportOf(sweep: Sweep, done: Done): SweepReport {
  const { swept, reached } = sweep;
  const counts = Object.fromEntries(conditions.map((one) => [one, 0])) as Record<Condition, number>;
  for (const { finding } of swept) counts[finding.condition] += 1;
  const targets = targetsOf(sweep, done);
  return {
    summary: summaryOf(sweep, counts, done),
    swept: swept.length,
    counts,
    reached,
    healing: [...done.healing],
    asked: [...done.asked],
    targets: targets.slice(0, mostTargets),
    more: Math.max(0, targets.length - mostTargets),
  };
}

/** What is worst comes first. */
const urgency: readonly SweptTarget['condition'][] = [
  'expired',
  'unreachable',
  'drift',
  'chain_incomplete',
  'outdated',
  'expiring',
  'unresolved',
  'never_deployed',
  'not_probed',
  'ok',
];

function targetsOf({ swept, unresolved }: Sweep, done: Done): SweptTarget[] {
  const said = swept.map((one): SweptTarget => {
    const { condition, daysToExpiry, summary } = one.finding;
    const where = { targetId: one.id, certificate: one.registered.certificate, host: one.member.host };
    return { ...where, condition, daysToExpiry, summary, ...whatIsDone(one, done) };
  });
  const lost = unresolved.map(
    ({ registered: { id: targetId, certificate }, why }): SweptTarget => ({
      targetId,
      certificate,
      host: null,
      condition: 'unresolved',
      daysToExpiry: null,
      summary: `its hosts could not be found out (${why})`,
      healing: false,
      leftAlone: 'nobody knows where it is',
    }),
  );
  const rank = ({ condition }: SweptTarget) => urgency.indexOf(condition);
  return [...said, ...lost].sort((one, other) => rank(one) - rank(other));
}

const fine: ReadonlySet<Condition> = new Set(['ok', 'not_probed']);

function whatIsDone(one: Swept, { healing, heals }: Done): Pick<SweptTarget, 'healing' | 'leftAlone'> {
  if (fine.has(one.finding.condition)) return { healing: false, leftAlone: null };
  const reason = reasonNotToHeal(patientOf(one)) ?? (heals ? null : 'it was only asked to look');
  if (reason !== null) return { healing: false, leftAlone: reason };
  const its = healing.find(({ certificate }) => certificate === one.registered.certificate);
  const begun = its !== undefined && its.targets > 0;
  return { healing: begun, leftAlone: begun ? null : (its?.summary ?? null) };
}

function summaryOf({ swept, reached }: Sweep, counts: Record<Condition, number>, { healing }: Done): string {
  const seen = `${counts.ok} of ${swept.length} targets are as they should be`;
  const others = conditions
    .filter((one) => one !== 'ok' && counts[one] > 0)
    .map((one) => `${counts[one]} ${one.replaceAll('_', ' ')}`);
  const targets = healing.reduce((sum, one) => sum + one.targets, 0);
  const healed = targets === 0 ? [] : [`${targets} deployed to again`];
  const rest = reached === null ? [] : [`time was up: the next sweep goes on after ${reached}`];
  return [seen, ...others, ...healed, ...rest].join('; ');
}
