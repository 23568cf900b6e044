import type { HistoryItem } from '../../services/history/history.ts';
import type { FinalState } from './deployment-outcome.ts';

/** When what happened: epoch milliseconds. `lockedAt` is null for a deployment that never had both of its locks. */
interface Times {
  readonly askedAt: number;
  readonly lockedAt: number | null;
  readonly endedAt: number;
}

/** What the states of the graph left. */
export type Phases = Pick<FinalState, 'push' | 'probe' | 'rollback'>;

/**
 * How long a deployment took, and each phase of it that took place and of which both ends are known: the push from the
 * locks until the host's answer was heard (enrolment included), the verification until all was seen or the rollback was
 * sent, the rollback until it was recorded (the looks after it included). Pure.
 */
export function durationsOf(
  outcome: HistoryItem['outcome'],
  { askedAt, lockedAt, endedAt }: Times,
  { push, probe, rollback }: Phases,
): HistoryItem['durations'] {
  const [pushedAt, sentBackAt] = [epoch(push?.endedAt), epoch(rollback?.sentAt)];
  const hasLooked = probe !== null && probe.attempt > 0;
  const verifiedAt = sentBackAt ?? (outcome === 'rollback_failed' ? null : endedAt);
  const totalMs = between(askedAt, endedAt) ?? 0;
  return {
    lockWaitMs: outcome === 'lock_unavailable' ? totalMs : between(askedAt, lockedAt),
    ...named('pushMs', between(lockedAt, pushedAt)),
    ...named('verifyMs', hasLooked ? between(pushedAt, verifiedAt) : null),
    ...named('rollbackMs', between(sentBackAt, endedAt)),
    totalMs,
  };
}

const epoch = (time: string | undefined) => (time === undefined ? null : Date.parse(time));

/** Never negative: the two times may come from two clocks. */
const between = (start: number | null, end: number | null) =>
  start === null || end === null ? null : Math.max(0, Math.round(end - start));

const named = (name: 'pushMs' | 'verifyMs' | 'rollbackMs', milliseconds: number | null) =>
  milliseconds === null ? {} : { [name]: milliseconds };
