import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import DataLoader from 'dataloader';
import { CertferryError } from '../../core/errors.ts';
import { functionHost, hostLocationOf } from '../../core/targets/host-location.ts';
import type { HostSelector, Member } from '../../core/targets/registered.ts';
import { hybridNodesWithTags, type ManagedNode, nodesOf } from '../ssm/managed-nodes.ts';
import { instancesInService } from './auto-scaling-groups.ts';
import { type FoundInstance, instancesById, isTerminated, runningWithTags } from './instances.ts';

/**
 * One host as SSM and EC2 report it now. `online`: the PingStatus of SSM. `startedAt`: when an instance that is not online was
 * launched or started, epoch milliseconds; missing if it is unknown.
 */
export interface FoundHost extends Member {
  readonly online: boolean;
  readonly startedAt?: number | undefined;
}

/** The clients of one account and region that find its hosts. */
export interface HostClients {
  readonly ssm: SSMClient;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
}

/**
 * Finds the current hosts. A host named by its id is found unless it is gone (`whereabouts.ts`). If it is offline, its
 * deployment reports that. The function of the stack is always found. Tags and groups return running instances only, in the
 * order of their ids.
 */
export interface Fleet {
  resolve(selector: HostSelector): Promise<FoundHost[]>;
}

interface FleetClients extends HostClients {
  /** The clients for another account and region. Without it, hosts of other accounts are refused. */
  readonly clientsFor?: (account: string, region: string) => HostClients;
}

/** Hosts through SSM, EC2 and Auto Scaling. The clients handle throttling. */
export function createFleet(own: FleetClients): Fleet {
  const byName = namedHosts();
  return {
    async resolve(selector) {
      if (selector === functionHost) return [{ host: functionHost, address: null, online: true }];
      const otherLocation = otherLocationOf(selector);
      const clients = otherLocation === null ? own : clientsIn(own.clientsFor, otherLocation);
      const hosts = await (typeof selector === 'string'
        ? byName(clients)
            .load(hostLocationOf(selector).instance)
            .then((host) => (host === null ? [] : [host]))
        : selected(clients, selector));
      const prefix = otherLocation === null ? '' : `${otherLocation.account}/${otherLocation.region}/`;
      return hosts
        .map((host) => ({ ...host, host: prefix + host.host }))
        .sort((one, other) => (one.host < other.host ? -1 : 1));
    },
  };
}

interface OtherLocation {
  readonly account: string;
  readonly region: string;
}

/** Null for the account and region of the stack. */
function otherLocationOf(selector: HostSelector): OtherLocation | null {
  const { account, region } = typeof selector === 'string' ? hostLocationOf(selector) : selector;
  if (account == null && region == null) return null;
  if (account != null && region != null) return { account, region };
  throw new CertferryError(
    'InvalidTarget',
    `hosts in ${account ?? region}: set both account and region for hosts outside the account and region of the stack`,
  );
}

function clientsIn(clientsFor: FleetClients['clientsFor'], { account, region }: OtherLocation): HostClients {
  if (clientsFor !== undefined) return clientsFor(account, region);
  throw new CertferryError(
    'InvalidTarget',
    `hosts in ${account}/${region} cannot be reached from this account`,
  );
}

function selected(clients: HostClients, selector: Exclude<HostSelector, string>): Promise<FoundHost[]> {
  return 'tags' in selector ? tagged(clients, selector.tags) : inGroup(clients, selector.autoScalingGroup);
}

/** Maximum number of ids in one request to SSM. */
const maximumIds = 50;

/** Most targets name their host. Parallel lookups share requests, because thousands of requests would be throttled. */
function namedHosts() {
  const loaders = new Map<HostClients, DataLoader<string, FoundHost | null>>();
  return (clients: HostClients) => {
    const loader =
      loaders.get(clients) ??
      new DataLoader((ids: readonly string[]) => named(clients, ids), {
        cache: false,
        maxBatchSize: maximumIds,
      });
    loaders.set(clients, loader);
    return loader;
  };
}

async function named(clients: HostClients, ids: readonly string[]): Promise<(FoundHost | null)[]> {
  const nodes = await nodesOf(clients.ssm, [...new Set(ids)]);
  const instances = await absentInstances(clients, ids, nodes);
  return ids.map((id) =>
    isGone(id, nodes.get(id), instances.get(id)) ? null : found(id, nodes.get(id), instances.get(id)),
  );
}

/** Only instances and hybrid nodes can be gone: the hosts of local mode exist as long as their machine. */
function isGone(id: string, node: ManagedNode | undefined, instance: FoundInstance | undefined): boolean {
  if (instance !== undefined) return isTerminated(instance);
  return node === undefined && /^m?i-/.test(id);
}

/** Instances have their tags in EC2, hybrid nodes in SSM. */
async function tagged(clients: HostClients, tags: Readonly<Record<string, string>>): Promise<FoundHost[]> {
  const [instances, hybrid] = await Promise.all([
    runningWithTags(clients.ec2, tags),
    hybridNodesWithTags(clients.ssm, tags),
  ]);
  const nodes = await nodesOf(clients.ssm, [...instances.keys()]);
  return [
    ...[...instances].map(([id, instance]) => found(id, nodes.get(id), instance)),
    ...[...hybrid].map(([id, node]) => found(id, node, undefined)),
  ];
}

/** A group can list an instance for a while after its termination. */
async function inGroup(clients: HostClients, group: string): Promise<FoundHost[]> {
  const ids = await instancesInService(clients.autoScaling, group);
  const nodes = await nodesOf(clients.ssm, ids);
  const instances = await absentInstances(clients, ids, nodes);
  return ids.flatMap((id) => {
    const instance = instances.get(id);
    return instance !== undefined && isTerminated(instance) ? [] : [found(id, nodes.get(id), instance)];
  });
}

/** EC2 is asked only for instances that SSM reports as offline or without an address, or does not know. */
function absentInstances(
  { ec2 }: HostClients,
  ids: readonly string[],
  nodes: ReadonlyMap<string, ManagedNode>,
) {
  const absent = [...new Set(ids)].filter((id) => {
    const node = nodes.get(id);
    return id.startsWith('i-') && (node === undefined || !node.online || node.address === null);
  });
  return instancesById(ec2, absent);
}

function found(id: string, node: ManagedNode | undefined, instance: FoundInstance | undefined): FoundHost {
  const online = node?.online ?? false;
  const startedAt = online ? null : (instance?.startedAt ?? null);
  return {
    host: id,
    address: node?.address ?? instance?.address ?? null,
    online,
    ...(startedAt !== null && { startedAt }),
  };
}
