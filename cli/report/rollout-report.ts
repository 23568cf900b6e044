import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { ReportedDeployment, ReportedWave, RolloutResult } from '../../services/backend/backend.ts';
import { exitCodes, rolloutExitCodes } from '../terminal/exit-codes.ts';

/** The JSON report of a rollout. `outcome` is `lost` if the execution recorded no outcome. */
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
  /** A problem to check although the rollout succeeded. */
  readonly warning?: string;
  /** About the certificate itself. */
  readonly warnings?: readonly string[];
}

interface WaveReport {
  readonly number: number;
  readonly direction: 'forward' | 'rollback';
  readonly counts: Readonly<Record<string, number>>;
  readonly failed: readonly ReportedDeployment[];
}

/** The report of a rollout that has ended. */
export function rolloutReportOf({ id, status, output, waves, durationMs }: RolloutResult): RolloutReport {
  return {
    rolloutId: id,
    certificate: output?.certificate ?? null,
    fingerprint: output?.fingerprint ?? null,
    outcome: output?.outcome ?? 'lost',
    summary: output?.summary ?? `execution ${id} ended ${status} before it recorded an outcome`,
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
    ...(output?.warnings !== undefined && { warnings: output.warnings }),
  };
}

/** The number of targets of a wave for each outcome. */
export function countsOf({ results }: ReportedWave): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The failed deployments of a wave. */
export function failedOf({ results }: ReportedWave): ReportedDeployment[] {
  return results.filter(({ outcome }) => !hasSucceeded(outcome));
}

/** Failures without those targets for which a later wave of the same direction succeeded. */
export function remainingFailures(
  waves: readonly ReportedWave[],
): { wave: ReportedWave; result: ReportedDeployment }[] {
  return waves.flatMap((wave, at) => {
    const later = waves.slice(at + 1).filter(({ direction }) => direction === wave.direction);
    const succeeded = new Set(
      later
        .flatMap(({ results }) => results.filter(({ outcome }) => hasSucceeded(outcome)))
        .map(({ targetId }) => targetId),
    );
    return failedOf(wave)
      .filter(({ targetId }) => !succeeded.has(targetId))
      .map((result) => ({ wave, result }));
  });
}

/** False also for the name of an error instead of an outcome. */
function hasSucceeded(outcome: string): boolean {
  return meaningOf(outcome)?.succeeded ?? false;
}

/** Whether manual action on the host is required. */
export function needsAttention(outcome: string): boolean {
  return meaningOf(outcome)?.needsAttention ?? false;
}

function meaningOf(outcome: string) {
  return Object.hasOwn(outcomeMeanings, outcome)
    ? outcomeMeanings[outcome as keyof typeof outcomeMeanings]
    : undefined;
}

/** The exit code for a rollout. */
export function rolloutExitCodeOf({ output }: RolloutResult): number {
  return output === null ? exitCodes.lost : rolloutExitCodes[output.outcome];
}
