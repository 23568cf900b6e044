import type { SSMClient } from '@aws-sdk/client-ssm';
import DataLoader from 'dataloader';
import { type HostLocation, hostLocationOf, isFunctionHost } from '../../core/targets/host-location.ts';
import { informationOf } from '../ssm/managed-nodes.ts';
import { unreachableReason } from '../ssm/reachability.ts';

/**
 * Checks whether SSM can deliver a command to a host now. `unreachableReason` returns the reason, or null if it can. Parallel
 * calls share requests. Throws any error of SSM or of the role in another account.
 */
export interface ReachableHosts {
  unreachableReason(host: string): Promise<string | null>;
}

/** Maximum number of ids in one request to SSM. */
const maximumIds = 50;

/** Through SSM. `ssmAt` returns the same client for each host of one account and region. */
export function createReachableHosts(ssmAt: (place: HostLocation) => SSMClient): ReachableHosts {
  const loaders = new Map<SSMClient, DataLoader<string, string | null>>();
  return {
    async unreachableReason(host) {
      if (isFunctionHost(host)) return null;
      const place = hostLocationOf(host);
      const ssm = ssmAt(place);
      const loader =
        loaders.get(ssm) ??
        new DataLoader((ids: readonly string[]) => reasonsOf(ssm, ids), {
          cache: false,
          maxBatchSize: maximumIds,
        });
      loaders.set(ssm, loader);
      return loader.load(place.instance);
    },
  };
}

async function reasonsOf(ssm: SSMClient, ids: readonly string[]): Promise<(string | null)[]> {
  const found = new Map(
    (await informationOf(ssm, [...new Set(ids)])).map((one) => [one.InstanceId ?? '', one]),
  );
  return ids.map((id) => unreachableReason(found.get(id)));
}
