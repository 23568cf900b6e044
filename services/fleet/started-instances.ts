import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { type HostLocation, hostLocationOf } from '../../core/targets/host-location.ts';

/** An instance that is starting or running. */
export interface StartedInstance {
  readonly tags: Readonly<Record<string, string>>;
  /** ISO 8601; empty if EC2 reports none. Each start of an instance has its own time. */
  readonly startedAt: string;
}

export interface StartedInstances {
  /** Null if EC2 does not know the instance, or it is stopped or terminated. Throws what EC2 throws. */
  find(host: string): Promise<StartedInstance | null>;
}

/** Reads one instance from EC2. `ec2At` returns the client of an account and region. */
export function createStartedInstances(ec2At: (place: HostLocation) => EC2Client): StartedInstances {
  return {
    async find(host) {
      const place = hostLocationOf(host);
      // a filter, not an id: an unknown id would fail the request
      const { Reservations = [] } = await ec2At(place).send(
        new DescribeInstancesCommand({
          Filters: [
            { Name: 'instance-id', Values: [place.instance] },
            { Name: 'instance-state-name', Values: ['pending', 'running'] },
          ],
        }),
      );
      const [instance] = Reservations.flatMap(({ Instances = [] }) => Instances);
      if (instance === undefined) return null;
      const tags = (instance.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
      return { tags: Object.fromEntries(tags), startedAt: instance.LaunchTime?.toISOString() ?? '' };
    },
  };
}
