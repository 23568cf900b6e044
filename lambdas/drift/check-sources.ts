import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import { dailySourceCheck } from '../../core/rollout/source-check.ts';
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
 * Starts the daily rollout of each certificate that has a source and targets, or of one certificate. Returns the names of
 * the executions that this call has started. Never throws for a certificate: the next sweep of the day retries.
 */
export async function checkSources(certificate: string | undefined, by: Services): Promise<string[]> {
  const started: string[] = [];
  const withTargets = new Set(
    (await by.catalogue.targets(certificate)).map(({ thing }) => thing.certificate),
  );
  for (const { thing } of await by.catalogue.certificates()) {
    if (thing.source === undefined || !withTargets.has(thing.name)) continue;
    const { name, request } = dailySourceCheck(thing.name, by.now);
    if (await isStarted(by, name, request)) started.push(name);
  }
  return started;
}

async function isStarted({ executions, rolloutArn }: Services, name: string, request: RolloutRequest) {
  try {
    return (await executions.start(rolloutArn(), name, request)) !== null;
  } catch (error) {
    logger.error('the source check could not be started', {
      name,
      reason: error instanceof Error ? error.name : 'unknown',
    });
    return false;
  }
}
