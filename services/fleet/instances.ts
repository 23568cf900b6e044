import { type EC2Client, type Filter, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';

/** An instance as EC2 reports it. `startedAt`: its last launch or start, epoch milliseconds. */
export interface FoundInstance {
  readonly address: string | null;
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`; empty if EC2 reports none. */
  readonly state: string;
  readonly startedAt: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** By instance id. */
export type FoundInstances = ReadonlyMap<string, FoundInstance>;

/** Running instances with all of the tags; values match literally. */
export function runningWithTags(
  ec2: EC2Client,
  tags: Readonly<Record<string, string>>,
): Promise<FoundInstances> {
  return describe(ec2, [
    { Name: 'instance-state-name', Values: ['running'] },
    ...Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [literally(value)] })),
  ]);
}

/** EC2 reads `*` and `?` in a filter's value as wildcards. */
const literally = (value: string) => value.replaceAll(/[\\*?]/g, '\\$&');

/** EC2 accepts at most 200 values in a filter. */
const maximumFilterValues = 200;

/**
 * Uses a filter, not a list of ids: one unknown id would fail the whole request. Ids that EC2 does not know are missing. EC2
 * reports a terminated instance for about an hour.
 */
export async function instancesById(ec2: EC2Client, ids: readonly string[]): Promise<FoundInstances> {
  const instances = new Map<string, FoundInstance>();
  for (let at = 0; at < ids.length; at += maximumFilterValues) {
    const found = await describe(ec2, [
      { Name: 'instance-id', Values: ids.slice(at, at + maximumFilterValues) },
    ]);
    for (const [id, instance] of found) instances.set(id, instance);
  }
  return instances;
}

async function describe(ec2: EC2Client, Filters: Filter[]): Promise<FoundInstances> {
  const instances = new Map<string, FoundInstance>();
  for await (const { Reservations = [] } of paginateDescribeInstances(
    { client: ec2, pageSize: 1000 },
    { Filters },
  )) {
    for (const one of Reservations.flatMap(({ Instances = [] }) => Instances)) {
      instances.set(one.InstanceId ?? '', found(one));
    }
  }
  return instances;
}

const found = (instance: Instance): FoundInstance => ({
  address: addressIn(instance),
  ...stateIn(instance),
});

/** An instance in an IPv6-only subnet has no private IPv4 address. */
const addressIn = ({ PrivateIpAddress, Ipv6Address, NetworkInterfaces = [] }: Instance): string | null =>
  PrivateIpAddress ??
  Ipv6Address ??
  NetworkInterfaces.flatMap(({ Ipv6Addresses = [] }) => Ipv6Addresses)[0]?.Ipv6Address ??
  null;

const stateIn = ({ State, LaunchTime, Tags = [] }: Instance): Omit<FoundInstance, 'address'> => ({
  state: State?.Name ?? '',
  startedAt: LaunchTime?.getTime() ?? null,
  tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
});

const leaving: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

/** Whether an instance is being terminated. No call of EC2 reverses that. */
export const isTerminated = ({ state }: Pick<FoundInstance, 'state'>): boolean => leaving.has(state);
