import {
  type InstanceInformation,
  type InstanceInformationStringFilter,
  InvalidInstanceId,
  paginateDescribeInstanceInformation,
  type SSMClient,
} from '@aws-sdk/client-ssm';

/** A host as SSM reports it. */
export interface ManagedNode {
  readonly address: string | null;
  readonly online: boolean;
}
type Nodes = ReadonlyMap<string, ManagedNode>;

/** SSM's maximum page size, and the maximum number of ids in a request. */
const pageSize = 50;

/** Nodes by id. Ids that SSM does not know are missing. */
export async function nodesOf(ssm: SSMClient, ids: readonly string[]): Promise<Nodes> {
  return nodesBy(await informationOf(ssm, ids));
}

/** The full information about nodes. Ids that SSM does not know are missing. */
export async function informationOf(ssm: SSMClient, ids: readonly string[]): Promise<InstanceInformation[]> {
  const found: InstanceInformation[] = [];
  for (let at = 0; at < ids.length; at += pageSize) {
    found.push(...(await chunk(ssm, ids.slice(at, at + pageSize))));
  }
  return found;
}

/** One unknown id can fail the whole request: the ids are then split in halves. */
async function chunk(ssm: SSMClient, ids: readonly string[]): Promise<InstanceInformation[]> {
  try {
    return await describe(ssm, [{ Key: 'InstanceIds', Values: [...ids] }]);
  } catch (error) {
    if (!(error instanceof InvalidInstanceId)) throw error;
    if (ids.length === 1) return [];
    const half = Math.ceil(ids.length / 2);
    return [...(await chunk(ssm, ids.slice(0, half))), ...(await chunk(ssm, ids.slice(half)))];
  }
}

/** Hybrid nodes with all of the tags. SSM accepts one tag in a request, and no other filter with it. */
export async function hybridNodesWithTags(
  ssm: SSMClient,
  tags: Readonly<Record<string, string>>,
): Promise<Nodes> {
  let found: Nodes | undefined;
  for (const [name, value] of Object.entries(tags)) {
    const nodes: Nodes = nodesBy(await describe(ssm, [{ Key: `tag:${name}`, Values: [value] }]), isHybrid);
    found = found === undefined ? nodes : both(found, nodes);
    if (found.size === 0) break;
  }
  return found ?? new Map();
}

const both = (some: Nodes, others: Nodes): Nodes => new Map([...some].filter(([id]) => others.has(id)));

const isHybrid = ({ ResourceType }: InstanceInformation) => ResourceType === 'ManagedInstance';

async function describe(
  ssm: SSMClient,
  Filters: InstanceInformationStringFilter[],
): Promise<InstanceInformation[]> {
  const nodes: InstanceInformation[] = [];
  const pages = paginateDescribeInstanceInformation({ client: ssm, pageSize }, { Filters });
  for await (const { InstanceInformationList = [] } of pages) nodes.push(...InstanceInformationList);
  return nodes;
}

function nodesBy(
  nodes: readonly InstanceInformation[],
  isSelected: (node: InstanceInformation) => boolean = () => true,
): Nodes {
  return new Map(
    nodes
      .filter(isSelected)
      .map(({ InstanceId = '', IPAddress, PingStatus }) => [
        InstanceId,
        { address: routable(IPAddress), online: PingStatus === 'Online' },
      ]),
  );
}

/** Null for no address, and for a link-local IPv6 address: it is valid on the link of the host only (RFC 4291 §2.5.6). */
const routable = (address: string | undefined): string | null =>
  address === undefined || address === '' || /^fe[89ab]/i.test(address) ? null : address;
