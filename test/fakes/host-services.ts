// Three services with the real protocols. Their filters follow the documentation. An instance without tags bears every tag that
// is asked for. Not simulated: throttling, permissions, and answers that lag behind a change.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';
import type { HostClients } from '../../services/fleet/find-hosts.ts';
import { listed, type Query, type QueryService, queryService } from './query-service.ts';
import { clientFor } from './scripted-service.ts';

interface Node {
  readonly online?: boolean;
  readonly address?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Ec2Instance {
  readonly address?: string | null;
  readonly ipv6?: string;
  /** Only a network interface has this address. */
  readonly interfaceIpv6?: string;
  readonly state?: string;
  readonly startedAt?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

interface SsmFilter {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** What SSM, EC2 and Auto Scaling know. A test writes into it. The group is named `web`. */
export interface KnownHosts {
  readonly nodes: Map<string, Node>;
  readonly instances: Map<string, Ec2Instance>;
  /** Lifecycle states by instance id. */
  readonly group: Map<string, string>;
  /** SSM refuses a request with an unknown id as a whole. */
  refusesUnknownIds: boolean;
  /** The filters of each request to SSM. */
  readonly asked: SsmFilter[][];
}

export interface HostServices {
  readonly known: KnownHosts;
  readonly clients: HostClients;
  readonly ec2: QueryService;
  /** Forgets everything. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts SSM, EC2 and Auto Scaling, and makes clients for them. */
export async function startHostServices(): Promise<HostServices> {
  const known: KnownHosts = {
    nodes: new Map(),
    instances: new Map(),
    group: new Map(),
    refusesUnknownIds: false,
    asked: [],
  };
  const ssm = await startJsonEndpoint({
    version: '1.1',
    target: 'AmazonSSM',
    operations: { DescribeInstanceInformation: async (input) => describeNodes(known, input) },
  });
  const ec2 = await queryService((query) => describeInstances(known, query));
  const autoScaling = await queryService((query) => describeGroups(known, query));
  return {
    known,
    ec2,
    clients: {
      ssm: new SSMClient(clientFor(ssm)),
      ec2: new EC2Client(clientFor(ec2)),
      autoScaling: new AutoScalingClient(clientFor(autoScaling)),
    },
    reset() {
      for (const map of [known.nodes, known.instances, known.group]) map.clear();
      known.refusesUnknownIds = false;
      known.asked.length = 0;
      ec2.requests.length = 0;
    },
    async close() {
      await Promise.all([ssm.close(), ec2.close(), autoScaling.close()]);
    },
  };
}

function describeNodes({ nodes, asked, refusesUnknownIds }: KnownHosts, input: Record<string, unknown>) {
  const filters = input.Filters as SsmFilter[];
  const [filter = { Key: '', Values: [] }] = filters;
  if (input.NextToken === undefined) asked.push(filters);
  if (filter.Key === 'InstanceIds' && refusesUnknownIds && filter.Values.some((id) => !nodes.has(id))) {
    throw new ServiceError('InvalidInstanceId', 'one of them is not managed');
  }
  const matching = [...nodes].filter(([id, { tags = {} }]) =>
    filter.Key === 'InstanceIds'
      ? filter.Values.includes(id)
      : filter.Values.includes(tags[filter.Key.slice(4)] ?? ''),
  );
  // SSM makes smaller pages than it is asked for
  const [from, to] = [Number(input.NextToken ?? 0), Number(input.NextToken ?? 0) + 20];
  return {
    InstanceInformationList: matching.slice(from, to).map(([InstanceId, { online = true, address }]) => ({
      InstanceId,
      IPAddress: address,
      PingStatus: online ? 'Online' : 'ConnectionLost',
      ResourceType: InstanceId.startsWith('mi-') ? 'ManagedInstance' : 'EC2Instance',
    })),
    ...(matching.length > to && { NextToken: String(to) }),
  };
}

function describeInstances({ instances }: KnownHosts, query: Query): string {
  const filters = filtersOf(query);
  const found = [...instances].filter(([id, one]) =>
    filters.every(
      ({ name, values }) => valuesOf(id, one, name)?.some((value) => values.includes(value)) ?? true,
    ),
  );
  const at = Number(query.NextToken ?? 0);
  const page = found.slice(at, at + 30).map(([id, one]) => instanceXml(id, one));
  const next = found.length > at + 30 ? `<nextToken>${at + 30}</nextToken>` : '';
  return `<reservationSet>${page.join('')}</reservationSet>${next}`;
}

function filtersOf(query: Query) {
  const numbers = Object.keys(query).flatMap((key) => /^Filter\.(\d+)\.Name$/.exec(key)?.[1] ?? []);
  return numbers.map((number) => ({
    name: query[`Filter.${number}.Name`] ?? '',
    values: listed(query, `Filter.${number}.Value.`),
  }));
}

/** Null if the instance matches any value. */
function valuesOf(id: string, { state = 'running', tags }: Ec2Instance, name: string): string[] | null {
  if (name === 'instance-id') return [id];
  if (name === 'instance-state-name') return [state];
  return tags === undefined ? null : [tags[name.slice('tag:'.length)] ?? ''];
}

function instanceXml(
  id: string,
  { address, ipv6, interfaceIpv6, state = 'running', startedAt, tags = {} }: Ec2Instance,
): string {
  const ip = [
    address == null ? '' : `<privateIpAddress>${address}</privateIpAddress>`,
    ipv6 === undefined ? '' : `<ipv6Address>${ipv6}</ipv6Address>`,
    interfaceIpv6 === undefined
      ? ''
      : `<networkInterfaceSet><item><ipv6AddressesSet><item><ipv6Address>${interfaceIpv6}</ipv6Address></item></ipv6AddressesSet></item></networkInterfaceSet>`,
  ].join('');
  const started = startedAt === undefined ? '' : `<launchTime>${startedAt}</launchTime>`;
  const tagSet = Object.entries(tags).map(
    ([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`,
  );
  const content = `<instanceId>${id}</instanceId><instanceState><name>${state}</name></instanceState>${ip}${started}<tagSet>${tagSet.join('')}</tagSet>`;
  return `<item><instancesSet><item>${content}</item></instancesSet></item>`;
}

function describeGroups({ group }: KnownHosts, query: Query): string {
  const members = [...group].map(
    ([id, state]) =>
      `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState></member>`,
  );
  const name = query['AutoScalingGroupNames.member.1'];
  const found =
    name === 'web'
      ? `<member><AutoScalingGroupName>web</AutoScalingGroupName><Instances>${members.join('')}</Instances></member>`
      : '';
  return `<DescribeAutoScalingGroupsResult><AutoScalingGroups>${found}</AutoScalingGroups></DescribeAutoScalingGroupsResult>`;
}

/** Ids of instances and hybrid nodes. */
export const instance = (number: number) => `i-${String(number).padStart(17, '0')}`;
export const hybrid = (number: number) => `mi-${String(number).padStart(17, '0')}`;
