import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { Rollout, Wave } from '../../core/rollout/rollout.ts';
import type { WaveFiles } from '../../services/rollouts/wave-files.ts';

/** What the bucket gets. `newPlan`: a name that no other attempt has. */
export interface WaveWriter {
  readonly files: Pick<WaveFiles, 'locationsOf' | 'writeItems'>;
  readonly newPlan: () => string;
}

/**
 * Writes the deployments of the next wave to the bucket, under a plan of their own: a second attempt overwrites nothing.
 * Returns the wave that deploys them. `summaryOf` gets its number.
 */
export async function writeWave(
  { id, strategy }: Rollout,
  wave: Wave,
  requests: readonly DeploymentRequest[],
  summaryOf: (number: number) => string,
  { files, newPlan }: WaveWriter,
): Promise<Wave> {
  const number = wave.number + 1;
  const plan = newPlan();
  const locations = files.locationsOf({ rolloutId: id, wave: number, plan });
  await files.writeItems(locations.items, requests);
  return {
    ...wave,
    ...locations,
    plans: [...wave.plans, plan],
    verdict: 'deploy',
    number,
    count: requests.length,
    maxConcurrency: strategy.maxConcurrency,
    summary: summaryOf(number),
  };
}
