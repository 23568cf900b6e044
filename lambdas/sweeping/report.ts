import * as z from 'zod/mini';
import { type Condition, conditions } from '../../core/rollout/drift.ts';
import { type Patient, reasonNotToHeal } from '../../core/rollout/healing.ts';
import type { Healing } from './heal.ts';
import type { Sweep, Swept } from './sweep.ts';

/** One target that is not as it should be. `leftAlone`: why nothing is done about it; null when it is healed. */
const Attention = z.object({
  target: z.string(),
  certificate: z.string(),
  host: z.nullable(z.string()),
  condition: z.enum([...conditions, 'unresolved']),
  daysToExpiry: z.nullable(z.int()),
  summary: z.string(),
  leftAlone: z.nullable(z.string()),
});
type Attention = z.infer<typeof Attention>;

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
  /** The worst first; at most {@link mostAttention}, and how many more there are. */
  attention: z.array(Attention),
  more: z.int(),
});
export type SweepReport = z.infer<typeof SweepReport>;

/** So that a result stays far below what an invocation may answer. */
const mostAttention = 200;

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
}

/** Pure. */
export function reportOf(sweep: Sweep, done: Done): SweepReport {
  const { swept, reached } = sweep;
  const counts = Object.fromEntries(conditions.map((one) => [one, 0])) as Record<Condition, number>;
  for (const { finding } of swept) counts[finding.condition] += 1;
  const attention = attentionOf(sweep, done);
  return {
    summary: summaryOf(sweep, counts, done),
    swept: swept.length,
    counts,
    reached,
    healing: [...done.healing],
    attention: attention.slice(0, mostAttention),
    more: Math.max(0, attention.length - mostAttention),
  };
}

const quiet: ReadonlySet<Condition> = new Set(['ok', 'not_probed']);
/** What is worst comes first. */
const urgency: readonly Attention['condition'][] = [
  'expired',
  'unreachable',
  'drift',
  'chain_incomplete',
  'behind',
  'expiring',
  'unresolved',
  'never_deployed',
];

function attentionOf({ swept, unresolved }: Sweep, { healing, heals }: Done): Attention[] {
  const healed = new Map(healing.map((one) => [one.certificate, one]));
  const notRight = swept.filter(({ finding }) => !quiet.has(finding.condition));
  const said = notRight.map((one): Attention => {
    const { certificate } = one.registered;
    const { condition, daysToExpiry, summary } = one.finding;
    const left =
      reasonNotToHeal(patientOf(one)) ?? (heals ? notStarted(healed.get(certificate)) : 'only looked');
    const { id: target, member } = one;
    return { target, certificate, host: member.host, condition, daysToExpiry, summary, leftAlone: left };
  });
  const lost = unresolved.map(
    ({ registered: { id: target, certificate }, why }): Attention => ({
      target,
      certificate,
      host: null,
      condition: 'unresolved',
      daysToExpiry: null,
      summary: `its hosts could not be found out (${why})`,
      leftAlone: 'nobody knows where it is',
    }),
  );
  const rank = ({ condition }: Attention) => urgency.indexOf(condition);
  return [...said, ...lost].sort((one, other) => rank(one) - rank(other));
}

const notStarted = (healing: Healing | undefined) =>
  healing === undefined || healing.targets > 0 ? null : healing.summary;

function summaryOf({ swept, reached }: Sweep, counts: Record<Condition, number>, { healing }: Done): string {
  const notOk = conditions.filter((one) => one !== 'ok' && counts[one] > 0);
  const seen = [`${counts.ok} of ${swept.length} targets are as they should be`];
  const others = notOk.map((one) => `${counts[one]} ${one.replaceAll('_', ' ')}`);
  const targets = healing.reduce((sum, one) => sum + one.targets, 0);
  const healed = targets === 0 ? [] : [`${targets} deployed to again`];
  const rest = reached === null ? [] : [`time was up at ${reached}: the next sweep goes on from there`];
  return [...seen, ...others, ...healed, ...rest].join('; ');
}
