import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { EndedWave, RolloutEnd, WaveResult } from '../../services/backend/backend.ts';
import { exitCodes, rolloutExitCodes } from '../terminal/exit-codes.ts';

/** What `rollout --json` prints. `outcome` is `lost` when the execution recorded none. */
export interface RolloutReport {
  readonly rolloutId: string;
  readonly certificate: string | null;
  readonly fingerprint: string | null;
  readonly outcome: RolloutOutcome | 'lost';
  readonly summary: string;
  readonly reason: string | null;
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly waves: readonly WaveReport[];
  readonly durationMs: number;
  /** What to look at although it ended well. */
  readonly warning?: string;
}

interface WaveReport {
  readonly number: number;
  readonly direction: 'forward' | 'back';
  readonly counts: Readonly<Record<string, number>>;
  readonly failed: readonly WaveResult[];
}

/** The report of a rollout that has ended. */
export function rolloutReportOf({ id, status, output, waves, durationMs }: RolloutEnd): RolloutReport {
  return {
    rolloutId: id,
    certificate: output?.certificate ?? null,
    fingerprint: output?.fingerprint ?? null,
    outcome: output?.outcome ?? 'lost',
    summary: output?.summary ?? `execution ${id} ended ${status} before its outcome was recorded`,
    reason: output?.reason ?? null,
    total: output?.total ?? 0,
    counts: output?.counts ?? {},
    waves: waves.map((wave) => ({
      number: wave.number,
      direction: wave.direction,
      counts: countsOf(wave),
      failed: failedOf(wave),
    })),
    durationMs,
    ...(output?.warning !== undefined && { warning: output.warning }),
  };
}

/** Targets of a wave by the outcome of their deployment. */
export function countsOf({ results }: EndedWave): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The deployments of a wave that ended badly. */
export function failedOf({ results }: EndedWave): WaveResult[] {
  return results.filter(({ outcome }) => !isGood(outcome));
}

/** Failures that stand: a target that a later wave of the same direction has done right is left out. */
export function standingFailures(waves: readonly EndedWave[]): { wave: EndedWave; result: WaveResult }[] {
  return waves.flatMap((wave, at) => {
    const later = waves.slice(at + 1).filter(({ direction }) => direction === wave.direction);
    const done = new Set(
      later
        .flatMap(({ results }) => results.filter(({ outcome }) => isGood(outcome)))
        .map(({ targetId }) => targetId),
    );
    return failedOf(wave)
      .filter(({ targetId }) => !done.has(targetId))
      .map((result) => ({ wave, result }));
  });
}

/** Whether a deployment ended well; an error's name instead of an outcome did not. */
function isGood(outcome: string): boolean {
  return meaningOf(outcome)?.succeeded ?? false;
}

/** Whether somebody has to look at the host. */
export function needsPerson(outcome: string): boolean {
  return meaningOf(outcome)?.needsPerson ?? false;
}

function meaningOf(outcome: string) {
  return Object.hasOwn(outcomeMeanings, outcome)
    ? outcomeMeanings[outcome as keyof typeof outcomeMeanings]
    : undefined;
}

/** The process's exit code for a rollout. */
export function rolloutExitCodeOf({ output }: RolloutEnd): number {
  return output === null ? exitCodes.lost : rolloutExitCodes[output.outcome];
}
