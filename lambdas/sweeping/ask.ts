import { dailyLook } from '../../core/rollout/asking.ts';
import type { Catalogue } from '../services/catalogue.ts';
import type { Executions } from '../services/executions.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'certificates'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: () => string;
  readonly now: Date;
}

/**
 * Has the sources looked at, of one certificate or of all: starts each one's daily rollout of what its source has.
 * Answers the names of those that this call started.
 */
export async function askSources(certificate: string | undefined, by: Services): Promise<string[]> {
  const asked: string[] = [];
  for (const { thing } of await by.catalogue.certificates()) {
    if (thing.source === undefined || (certificate !== undefined && certificate !== thing.name)) continue;
    const { name, request } = dailyLook(thing.name, by.now);
    if (await by.executions.start(by.rolloutArn(), name, request)) asked.push(name);
  }
  return asked;
}
