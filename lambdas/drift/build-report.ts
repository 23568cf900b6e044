import { type Condition, conditions } from '../../core/drift/drift.ts';
import { type Patient, reasonNotToHeal } from '../../core/drift/healing.ts';
import type { SweepReport, SweptTarget } from '../../core/drift/sweep-report.ts';
import type { Healing } from './start-healing.ts';
import type { Sweep, Swept } from './sweep-targets.ts';

/** So that a report stays far below the 6 MB that an invocation may answer. */
const mostTargets = 1000;

/** What decides whether it is healed. */
export function healingCandidate({ finding, registered, member, installed }: Swept): Patient {
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
  readonly sourceChecks: readonly string[];
}

/** Pure. */
export function buildReport(sweep: Sweep, done: Done): SweepReport {
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
    sourceChecks: [...done.sourceChecks],
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
      notHealed: 'nobody knows where it is',
    }),
  );
  const rank = ({ condition }: SweptTarget) => urgency.indexOf(condition);
  return [...said, ...lost].sort((one, other) => rank(one) - rank(other));
}

const fine: ReadonlySet<Condition> = new Set(['ok', 'not_probed']);

function whatIsDone(one: Swept, { healing, heals }: Done): Pick<SweptTarget, 'healing' | 'notHealed'> {
  if (fine.has(one.finding.condition)) return { healing: false, notHealed: null };
  const reason = reasonNotToHeal(healingCandidate(one)) ?? (heals ? null : 'it was only asked to look');
  if (reason !== null) return { healing: false, notHealed: reason };
  const its = healing.find(({ certificate }) => certificate === one.registered.certificate);
  const begun = its !== undefined && its.targets > 0;
  return { healing: begun, notHealed: begun ? null : (its?.summary ?? null) };
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
