import { type Condition, conditions } from '../../core/drift/finding.ts';
import { type HealingCandidate, reasonNotToHeal } from '../../core/drift/plan-healing.ts';
import { bySeverity } from '../../core/drift/severity.ts';
import type { SweepReport, SweptTarget } from '../../core/drift/sweep-report.ts';
import type { Healing } from './start-healing.ts';
import type { Sweep, SweepResult } from './sweep-targets.ts';

/** Keeps a report far below the limit of an invocation's response, 6 MB. */
const maximumTargets = 1000;

/** The facts that decide whether a target is healed. */
export function healingCandidate({ finding, registered, member, installed }: SweepResult): HealingCandidate {
  return {
    finding,
    registeredId: registered.id,
    host: member.host,
    autoHeal: registered.autoHeal,
    onSeveralHosts: typeof registered.host !== 'string',
    last: installed && { outcome: installed.outcome, rollout: installed.rollout },
  };
}

interface SweepActions {
  readonly healing: readonly Healing[];
  /** False for a sweep that only reports. */
  readonly heals: boolean;
  readonly sourceChecks: readonly string[];
}

/** The report of a sweep. Pure. */
export function buildReport(sweep: Sweep, actions: SweepActions): SweepReport {
  const { swept, reached } = sweep;
  const counts = Object.fromEntries(conditions.map((one) => [one, 0])) as Record<Condition, number>;
  for (const { finding } of swept) counts[finding.condition] += 1;
  const targets = targetsOf(sweep, actions);
  return {
    summary: summaryOf(sweep, counts, actions),
    swept: swept.length,
    counts,
    reached,
    healing: [...actions.healing],
    sourceChecks: [...actions.sourceChecks],
    targets: targets.slice(0, maximumTargets),
    more: Math.max(0, targets.length - maximumTargets),
  };
}

function targetsOf({ swept, unresolved }: Sweep, actions: SweepActions): SweptTarget[] {
  const probed = swept.map((one): SweptTarget => {
    const { condition, daysToExpiry, served, summary } = one.finding;
    const ids = { targetId: one.id, certificate: one.registered.certificate, host: one.member.host };
    return { ...ids, condition, daysToExpiry, served, summary, ...healingOf(one, actions) };
  });
  const withoutHosts = unresolved.map(
    ({ registered: { id: targetId, certificate }, reason }): SweptTarget => ({
      targetId,
      certificate,
      host: null,
      condition: 'unresolved',
      daysToExpiry: null,
      served: null,
      summary: `the hosts of the target could not be determined (${reason})`,
      healing: false,
      notHealed: 'the hosts of the target are unknown',
    }),
  );
  return [...probed, ...withoutHosts].sort(bySeverity);
}

const needsNoHealing: ReadonlySet<Condition> = new Set(['ok', 'not_probed']);

function healingOf(
  one: SweepResult,
  { healing, heals }: SweepActions,
): Pick<SweptTarget, 'healing' | 'notHealed'> {
  if (needsNoHealing.has(one.finding.condition)) return { healing: false, notHealed: null };
  const reason = reasonNotToHeal(healingCandidate(one)) ?? (heals ? null : 'this sweep only reports');
  if (reason !== null) return { healing: false, notHealed: reason };
  const started = healing.find(({ certificate }) => certificate === one.registered.certificate);
  const isHealed = started !== undefined && started.targets > 0;
  return { healing: isHealed, notHealed: isHealed ? null : (started?.summary ?? null) };
}

function summaryOf(
  { swept, reached }: Sweep,
  counts: Record<Condition, number>,
  { healing }: SweepActions,
): string {
  const ok = `${counts.ok} of ${swept.length} targets are ok`;
  const others = conditions
    .filter((one) => one !== 'ok' && counts[one] > 0)
    .map((one) => `${counts[one]} ${one.replaceAll('_', ' ')}`);
  const targets = healing.reduce((sum, one) => sum + one.targets, 0);
  const healed = targets === 0 ? [] : [`healing ${targets}`];
  const incomplete =
    reached === null ? [] : [`the time limit was reached: the next sweep continues after ${reached}`];
  return [ok, ...others, ...healed, ...incomplete].join('; ');
}
