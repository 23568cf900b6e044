import { aCertificateName, aRollout } from './rollouts.ts';
import type { World } from './world.ts';

interface Wished {
  readonly certificate?: string;
  readonly version?: string;
  readonly startedAt?: string;
}

/** A rollout that has begun, of a certificate of its own unless it is told one; answers its id. */
export async function aBegunRollout(
  { rollouts }: Pick<World, 'rollouts'>,
  { certificate = aCertificateName(), ...wished }: Wished = {},
): Promise<string> {
  const rollout = aRollout({ certificate, ...wished });
  const begun = await rollouts.begin(rollout, { repeat: false });
  if (begun.type !== 'begun') throw new Error(`the rollout ended as ${begun.type}`);
  return rollout.id;
}
