import { dailyLook } from '../../core/rollout/asking.ts';
import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import type { Executions } from '../../services/executions.ts';
import { logger } from '../../services/logger.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: () => string;
  readonly now: Date;
}

/**
 * Has the sources looked at, of one certificate or of all that have a target: starts each one's daily rollout of what its
 * source has. Answers the names of those that this call started. Never throws for a certificate: the next sweep of the
 * day asks again for those that it could not start, and whatever else the sweep is for goes on.
 */
export async function checkSources(certificate: string | undefined, by: Services): Promise<string[]> {
  const asked: string[] = [];
  const wanted = new Set((await by.catalogue.targets(certificate)).map(({ thing }) => thing.certificate));
  for (const { thing } of await by.catalogue.certificates()) {
    if (thing.source === undefined || !wanted.has(thing.name)) continue;
    const { name, request } = dailyLook(thing.name, by.now);
    if (await isStarted(by, name, request)) asked.push(name);
  }
  return asked;
}

async function isStarted({ executions, rolloutArn }: Services, name: string, request: RolloutRequest) {
  try {
    return (await executions.start(rolloutArn(), name, request)) !== null;
  } catch (error) {
    logger.error('a look at a source could not be started', {
      name,
      reason: error instanceof Error ? error.name : 'unknown',
    });
    return false;
  }
}
