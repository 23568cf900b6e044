import { type RecordedRollout, RolloutState } from '../../core/rollout/rollout.ts';
import { recordedRollout } from '../../services/backend/recorded-outcome.ts';
import { recordFromControl } from '../../services/rollouts/halt-record.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import { createWaveFiles, type JudgedWave } from '../../services/rollouts/wave-files.ts';
import { workBucket } from '../cloud/function-environment.ts';
import type { Cloud } from '../cloud/local-cloud.ts';
import type { EndedExecution } from '../step-functions/executions.ts';

/** The judged waves of a rollout, in order. */
export async function judgedWaves({ objects, s3 }: Cloud, id: string): Promise<JudgedWave[]> {
  const keys = await objects.list(workBucket, `rollouts/${id}/`);
  const numbers = keys.map((key) => Number(/\/wave-(\d+)\/judged\.json$/.exec(key)?.[1] ?? 0));
  return createWaveFiles(s3, workBucket).judged(id, Math.max(0, ...numbers));
}

/** The outcome that the execution recorded. The outcome of a halted rollout is read from the registry. */
export function rolloutOutcome(
  { events }: EndedExecution,
  { control, waves }: { readonly control: RolloutControl | null; readonly waves: readonly JudgedWave[] },
): RecordedRollout | null {
  const recorded = recordedRollout(events);
  if (recorded !== null) return recorded;
  const last = events.findLast(({ type }) => type === 'StateEntered')?.state;
  const state = RolloutState.safeParse(last?.input).data;
  if (last?.name !== 'RolloutHalted' || state === undefined || control?.outcome !== 'halted') return null;
  return recordFromControl(control, { total: state.wave.total, waves });
}
