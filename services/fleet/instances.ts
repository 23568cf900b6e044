import { type EC2Client, type Filter, paginateDescribeInstances } from '@aws-sdk/client-ec2';

/** Private addresses by instance id; null if an instance has none. */
type Addresses = ReadonlyMap<string, string | null>;

/** Running instances with all of the tags; values match literally. */
export function runningWithTags(ec2: EC2Client, tags: Readonly<Record<string, string>>): Promise<Addresses> {
  return describe(ec2, [
    { Name: 'instance-state-name', Values: ['running'] },
    ...Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [literally(value)] })),
  ]);
}

/** EC2 reads `*` and `?` in a filter's value as wildcards. */
const literally = (value: string) => value.replaceAll(/[\\*?]/g, '\\$&');

/** EC2 accepts at most 200 values in a filter. */
const maximumFilterValues = 200;

/** Uses a filter, not a list of ids: one unknown id would fail the whole request. */
export async function addressesOf(ec2: EC2Client, ids: readonly string[]): Promise<Addresses> {
  const addresses = new Map<string, string | null>();
  for (let at = 0; at < ids.length; at += maximumFilterValues) {
    const found = await describe(ec2, [
      { Name: 'instance-id', Values: ids.slice(at, at + maximumFilterValues) },
    ]);
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
