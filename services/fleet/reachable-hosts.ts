import type { SSMClient } from '@aws-sdk/client-ssm';
import DataLoader from 'dataloader';
import { type HostLocation, placeOf } from '../../core/targets/host-location.ts';
import { informationOf } from '../ssm/managed-nodes.ts';
import { unreachableReason } from '../ssm/reachability.ts';

/**
 * Whether SSM could hand a command to hosts now, of many hosts. `unreachableReason` answers why not, or null; hosts that are asked
 * about at once share calls. Throws what SSM, or the role of another account, refuses.
 */
export interface ReachableHosts {
  unreachableReason(host: string): Promise<string | null>;
}

/** Ids of one question to SSM. */
const mostIds = 50;

/** Through SSM. `ssmAt` gives the client for a host's account and region, always the same one. */
export function createReachableHosts(ssmAt: (place: HostLocation) => SSMClient): ReachableHosts {
  const loaders = new Map<SSMClient, DataLoader<string, string | null>>();
  return {
    async unreachableReason(host) {
      const place = placeOf(host);
      const ssm = ssmAt(place);
      const loader =
        loaders.get(ssm) ??
        new DataLoader((ids: readonly string[]) => askedAbout(ssm, ids), {
          cache: false,
          maxBatchSize: mostIds,
        });
      loaders.set(ssm, loader);
      return loader.load(place.instance);
    },
  };
}

async function askedAbout(ssm: SSMClient, ids: readonly string[]): Promise<(string | null)[]> {
  const found = new Map(
    (await informationOf(ssm, [...new Set(ids)])).map((one) => [one.InstanceId ?? '', one]),
  );
  return ids.map((id) => unreachableReason(found.get(id)));
}
