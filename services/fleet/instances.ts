import { type EC2Client, type Filter, paginateDescribeInstances } from '@aws-sdk/client-ec2';

/** Private addresses by instance id; null where an instance has none. */
type Addresses = ReadonlyMap<string, string | null>;

/** Running instances that bear every one of the tags, exactly as they are written. */
export function runningWithTags(ec2: EC2Client, tags: Readonly<Record<string, string>>): Promise<Addresses> {
  return describe(ec2, [
    { Name: 'instance-state-name', Values: ['running'] },
    ...Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [literally(value)] })),
  ]);
}

/** EC2 reads `*` and `?` in a filter's value as wildcards. */
const literally = (value: string) => value.replaceAll(/[\\*?]/g, '\\$&');

/** EC2 takes at most 200 values of a filter. */
const mostValues = 200;

/** By a filter and not by the list of ids: one id that EC2 does not know (any more) would spoil the call. */
export async function addressesOf(ec2: EC2Client, ids: readonly string[]): Promise<Addresses> {
  const addresses = new Map<string, string | null>();
  for (let at = 0; at < ids.length; at += mostValues) {
    const found = await describe(ec2, [{ Name: 'instance-id', Values: ids.slice(at, at + mostValues) }]);
    for (const [id, address] of found) addresses.set(id, address);
  }
  return addresses;
}

async function describe(ec2: EC2Client, Filters: Filter[]): Promise<Addresses> {
  const addresses = new Map<string, string | null>();
  for await (const { Reservations = [] } of paginateDescribeInstances(
    { client: ec2, pageSize: 1000 },
    { Filters },
  )) {
    for (const { InstanceId = '', PrivateIpAddress } of Reservations.flatMap(
      ({ Instances = [] }) => Instances,
    )) {
      addresses.set(InstanceId, PrivateIpAddress ?? null);
    }
  }
  return addresses;
}
