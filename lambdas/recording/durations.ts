import type { HistoryItem } from '../../services/history/history.ts';
import type { FinalState } from './deployment-outcome.ts';

/** Epoch milliseconds. `lockedAt` is null for a deployment that never held both of its locks. */
interface Times {
  readonly askedAt: number;
  readonly lockedAt: number | null;
  readonly endedAt: number;
}

/** The results of the states. */
export type Phases = Pick<FinalState, 'push' | 'probe' | 'rollback'> &
  Partial<Pick<FinalState, 'onDeployed'>>;

/**
 * The duration of a deployment and of each phase whose start and end are known. Push: from the locks until the result of the
 * host (with enrolment). Verification: until the last probe, or until the job that undoes the
 * deployment or runs `onDeployed` was sent. Rollback: until it was
 * recorded (with its probes).
 */
export function durationsOf(
  outcome: HistoryItem['outcome'],
  { askedAt, lockedAt, endedAt }: Times,
  { push, probe, rollback, onDeployed = null }: Phases,
): HistoryItem['durations'] {
  const [pushedAt, undoSentAt] = [epoch(push?.endedAt), epoch(rollback?.sentAt)];
  const wasProbed = probe !== null && probe.attempt > 0;
  const nextSentAt = undoSentAt ?? commandsSentAt(onDeployed);
  const verifiedAt = nextSentAt ?? (outcome === 'rollback_failed' ? null : endedAt);
  const totalMs = between(askedAt, endedAt) ?? 0;
  return {
    lockWaitMs: outcome === 'lock_unavailable' ? totalMs : between(askedAt, lockedAt),
    ...named('pushMs', between(lockedAt, pushedAt)),
    ...named('verifyMs', wasProbed ? between(pushedAt, verifiedAt) : null),
    ...named('rollbackMs', between(undoSentAt, endedAt)),
    totalMs,
  };
}

const commandsSentAt = (onDeployed: FinalState['onDeployed']) =>
  epoch(onDeployed !== null && 'sentAt' in onDeployed ? onDeployed.sentAt : undefined);

const epoch = (time: string | undefined) => (time === undefined ? null : Date.parse(time));

/** Never negative: the times may come from different clocks. */
const between = (start: number | null, end: number | null) =>
  start === null || end === null ? null : Math.max(0, Math.round(end - start));

const named = (name: 'pushMs' | 'verifyMs' | 'rollbackMs', milliseconds: number | null) =>
  milliseconds === null ? {} : { [name]: milliseconds };
