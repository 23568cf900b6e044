import { countOutcomes } from '../../core/rollout/count-outcomes.ts';
import type { RecordedRollout } from '../../core/rollout/rollout.ts';
import type { RolloutControl } from './rollout-control.ts';
import type { JudgedWave } from './wave-files.ts';

/**
 * The outcome of a rollout whose execution returned none. A halted rollout fails in its last task, so that a redrive enters
 * the task again; its outcome is therefore only in the registry. Null when the registry has no outcome either.
 */
export function recordFromControl(
  control: RolloutControl | null,
  { total, waves }: { readonly total: number; readonly waves: readonly JudgedWave[] },
): RecordedRollout | null {
  if (control?.outcome == null) return null;
  return {
    rolloutId: control.id,
    certificate: control.certificate,
    fingerprint: control.fingerprint,
    outcome: control.outcome,
    summary: control.summary ?? '',
    reason: control.reason,
    total,
    waves: waves.length,
    counts: countOutcomes(waves).counts,
  };
}
