import type { RecordedRollout } from '../../core/rollout/rollout.ts';
import { RecordedRollout as Recorded, RolloutState } from '../../core/rollout/rollout.ts';
import { tallyOf } from '../../core/rollout/tally.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import { createWaveFiles, type JudgedWave } from '../../services/rollouts/wave-files.ts';
import type { Cloud } from '../cloud.ts';
import { workBucket } from '../environment.ts';
import type { EndedExecution } from '../step-functions/executions.ts';
import { recordedIn } from './inspect-execution.ts';

/** The waves of a rollout that have been judged, in order. */
export async function judgedWaves({ objects, s3 }: Cloud, id: string): Promise<JudgedWave[]> {
  const keys = await objects.list(workBucket, `rollouts/${id}/`);
  const numbers = keys.map((key) => Number(/\/wave-(\d+)\/judged\.json$/.exec(key)?.[1] ?? 0));
  return createWaveFiles(s3, workBucket).judged(id, Math.max(0, ...numbers));
}

interface Known {
  readonly control: RolloutControl | null;
  readonly waves: readonly JudgedWave[];
}

/**
 * What the recording state returned. A halted rollout fails in the state that recorded the halt, which therefore
 * returned nothing: what it recorded is read from where it was written.
 */
export function outputOf({ events }: EndedExecution, { control, waves }: Known): RecordedRollout | null {
  const recorded = recordedIn(events, Recorded);
  if (recorded !== null) return recorded;
  const last = events.findLast(({ type }) => type === 'StateEntered')?.state;
  const state = RolloutState.safeParse(last?.input).data;
  if (last?.name !== 'RolloutHalted' || state === undefined || control?.outcome !== 'halted') return null;
  const { id, certificate, fingerprint, outcome, summary, reason } = control;
  return {
    rolloutId: id,
    certificate,
    fingerprint,
    outcome,
    summary: summary ?? '',
    reason,
    total: state.wave.total,
    waves: state.wave.number,
    counts: tallyOf(waves).counts,
  };
}
