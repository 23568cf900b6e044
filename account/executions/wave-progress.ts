import { DescribeMapRunCommand, type SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { WaveCounts } from '../../services/backend/backend.ts';

/** The Map Run that runs after an event; null outside a wave. */
export function mapRunAfter(
  { type, mapRunArn, state }: ExecutionEvent,
  previous: string | null,
): string | null {
  if (mapRunArn !== undefined) return mapRunArn;
  return type === 'StateExited' && state?.name === 'DeployWave' ? null : previous;
}

/** The deployments of a Map Run by state. */
export async function countsOf(sfn: SFNClient, mapRunArn: string): Promise<WaveCounts> {
  const { itemCounts } = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
  const { pending = 0, running = 0, succeeded = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts ?? {};
  return { waiting: pending, running, succeeded, failed: failed + timedOut + aborted };
}

/** The fields of the state that tasks return. The schema ignores others, so that stacks of other versions work. */
const StateWithWave = z.object({ wave: z.object({ number: z.int(), total: z.int() }) });

/** The last wave in the events, and the number of targets of the rollout. */
export function lastWaveIn(events: readonly ExecutionEvent[]): { number: number; total: number } {
  const waves = events.flatMap(({ type, state }) => {
    const parsed = z.safeParse(StateWithWave, type === 'StateExited' ? state?.output : undefined);
    return parsed.success ? [parsed.data.wave] : [];
  });
  return waves.at(-1) ?? { number: 0, total: 0 };
}
