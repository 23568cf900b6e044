import { isMemberId, registeredIdOf } from '../../core/targets/member-id.ts';
import type { HostSelector } from '../../core/targets/registered.ts';
import type { FindWhereabouts } from '../../services/fleet/whereabouts.ts';
import { logger } from '../../services/logger.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { GoneHostServices, TargetOnHost } from './gone-hosts.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'target'>;
  readonly find: FindWhereabouts;
}

/** Whereabouts with the selector that the registry has now. An error of AWS must not replace the error of a deployment. */
export function createTargetWhereabouts({ catalogue, find }: Services): GoneHostServices['whereabouts'] {
  return async (target) => {
    try {
      return await find(target.host, await selectorOf(catalogue, target));
    } catch (error) {
      logger.warn('cannot find out whether the host is gone', { ...target, error: String(error) });
      return { type: 'present' };
    }
  };
}

async function selectorOf(
  catalogue: Services['catalogue'],
  { id }: TargetOnHost,
): Promise<Exclude<HostSelector, string> | null> {
  if (!isMemberId(id)) return null;
  const host = (await catalogue.target(registeredIdOf(id)))?.thing.host;
  return host === undefined || typeof host === 'string' ? null : host;
}
