import type { EC2Client } from '@aws-sdk/client-ec2';
import { type HostLocation, hostLocationOf } from '../../core/targets/host-location.ts';
import { type FoundInstance, instancesById } from './instances.ts';

/** An instance that is starting or running. */
export type StartedInstance = Pick<FoundInstance, 'tags' | 'startedAt'>;

export interface StartedInstances {
  /** Null if EC2 does not know the instance, or it is stopped or terminated. Throws what EC2 throws. */
  find(host: string): Promise<StartedInstance | null>;
}

const startedStates: readonly string[] = ['pending', 'running'];

/** Reads one instance from EC2. `ec2At` returns the client of an account and region. */
export function createStartedInstances(ec2At: (place: HostLocation) => EC2Client): StartedInstances {
  return {
    async find(host) {
      const place = hostLocationOf(host);
      const found = (await instancesById(ec2At(place), [place.instance])).get(place.instance);
      return found !== undefined && startedStates.includes(found.state) ? found : null;
    },
  };
}
