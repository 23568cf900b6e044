import {
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeRouteTables,
  paginateDescribeVpcEndpoints,
  type RouteTable,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { type Check, type Finding, failed, listed, nothing, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { check } from './check.ts';
import type { Downloads } from './deployed-document.ts';
import { allowsReading } from './endpoint-policy.ts';

interface Network {
  readonly routeTables: readonly RouteTable[];
  readonly endpoints: readonly VpcEndpoint[];
}

/** EC2's maximum number of values of a filter. */
const filterSize = 200;

/** Checks the routes of EC2 hosts to SSM and S3, the policies of their endpoints for S3, and their architectures. */
export async function networkChecks(
  ec2: EC2Client,
  hosts: readonly string[],
  downloads: Promise<Downloads>,
): Promise<Check[]> {
  const instances = instancesOf(
    ec2,
    hosts.filter((id) => id.startsWith('i-')),
  );
  const network = instances.then((found) => readNetwork(ec2, found));
  // a rejection is reported by each check that needs the value
  network.catch(() => undefined);
  return Promise.all([
    check('VPC endpoints', async () => judgeEndpoints(await instances, await network)),
    check('endpoint policy', async () => judgePolicies(await instances, await network, await downloads)),
    check('architectures', async () => judgeArchitectures(await instances, await downloads)),
  ]);
}

async function instancesOf(ec2: EC2Client, ids: readonly string[]): Promise<Instance[]> {
  const found: Instance[] = [];
  for (let at = 0; at < ids.length; at += filterSize) {
    const Filters = [{ Name: 'instance-id', Values: ids.slice(at, at + filterSize) }];
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters }))
      found.push(...Reservations.flatMap(({ Instances = [] }) => Instances));
  }
  return found;
}

async function readNetwork(ec2: EC2Client, instances: readonly Instance[]): Promise<Network> {
  const vpcs = [...new Set(instances.flatMap(({ VpcId }) => VpcId ?? []))];
  if (vpcs.length === 0) return { routeTables: [], endpoints: [] };
  const Filters = [{ Name: 'vpc-id', Values: vpcs.slice(0, filterSize) }];
  const [routeTables, endpoints]: [RouteTable[], VpcEndpoint[]] = [[], []];
  for await (const { RouteTables = [] } of paginateDescribeRouteTables({ client: ec2 }, { Filters }))
    routeTables.push(...RouteTables);
  for await (const { VpcEndpoints = [] } of paginateDescribeVpcEndpoints({ client: ec2 }, { Filters }))
    endpoints.push(...VpcEndpoints);
  return { routeTables, endpoints };
}

/** The table of the subnet, or else the main table of the VPC. */
function routeTableOf({ SubnetId, VpcId }: Instance, { routeTables }: Network): RouteTable | undefined {
  const ofVpc = routeTables.filter((table) => table.VpcId === VpcId);
  return (
    ofVpc.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === SubnetId)) ??
    ofVpc.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true))
  );
}

const hasDefaultRoute = ({ Routes = [] }: RouteTable) =>
  Routes.some(
    ({ DestinationCidrBlock, DestinationIpv6CidrBlock, State }) =>
      (DestinationCidrBlock === '0.0.0.0/0' || DestinationIpv6CidrBlock === '::/0') && State !== 'blackhole',
  );

/** Endpoints of a service for an instance. A gateway endpoint is in its route table. */
function endpointsFor(instance: Instance, service: string, network: Network): VpcEndpoint[] {
  const table = routeTableOf(instance, network)?.RouteTableId ?? '';
  return network.endpoints.filter(
    ({ VpcId, ServiceName = '', State, VpcEndpointType, RouteTableIds = [] }) =>
      VpcId === instance.VpcId &&
      ServiceName.endsWith(`.${service}`) &&
      State?.toLowerCase() === 'available' &&
      (VpcEndpointType !== 'Gateway' || RouteTableIds.includes(table)),
  );
}

const noInstance = nothing(
  'no EC2 instance to check',
  'Register a target on an instance: certferry targets apply FILE',
);

function judgeEndpoints(instances: readonly Instance[], network: Network): Finding {
  if (instances.length === 0) return noInstance;
  const missing = new Map<string, Set<string>>();
  for (const instance of instances) {
    const table = routeTableOf(instance, network);
    if (table === undefined || hasDefaultRoute(table)) continue;
    const services = ['ssm', 'ssmmessages', 's3'].filter(
      (service) => endpointsFor(instance, service, network).length === 0,
    );
    if (services.length === 0) continue;
    const where = `${instance.SubnetId} (${instance.VpcId}): ${services.join(', ')}`;
    missing.set(where, (missing.get(where) ?? new Set()).add(instance.InstanceId ?? ''));
  }
  if (missing.size === 0)
    return passed(`${counted(instances.length, 'instance')}, all with a route to SSM and S3`);
  const words = [...missing].map(([where, hosts]) => `${where} for ${listed([...hosts])}`);
  return failed(
    `no default route, and no endpoint for: ${words.join('; ')}`,
    'Add interface endpoints for ssm and ssmmessages to the VPC, and a gateway endpoint for S3 to the route table of the subnet.',
  );
}

/** The policy of an endpoint also applies in a VPC with internet: the route of the endpoint is more specific. */
function judgePolicies(
  instances: readonly Instance[],
  network: Network,
  { bucket, key, partition }: Downloads,
): Finding {
  const used = new Set(instances.flatMap((instance) => endpointsFor(instance, 's3', network)));
  if (instances.length === 0) return noInstance;
  if (used.size === 0) return passed('no host uses a VPC endpoint for S3');
  const object = `arn:${partition}:s3:::${bucket}/${key}`;
  const refusing = [...used].filter(({ PolicyDocument }) => !allowsReading(PolicyDocument, object));
  if (refusing.length === 0) return passed(`${counted(used.size, 'endpoint')} for S3, all allow ${bucket}`);
  return failed(
    `denies s3:GetObject on ${bucket}: ${listed(refusing.map(({ VpcEndpointId = '' }) => VpcEndpointId))}`,
    `Allow s3:GetObject on the objects of ${bucket} in the policy of the endpoint.`,
  );
}

function judgeArchitectures(instances: readonly Instance[], { fetchesRuntime }: Downloads): Finding {
  if (instances.length === 0) return noInstance;
  const found = [...new Set(instances.flatMap(({ Architecture }) => Architecture ?? []))];
  const words = found.join(', ');
  if (!fetchesRuntime || found.length <= 1) return passed(words || 'unknown');
  return failed(
    `hosts with ${words} fetch the same runtime`,
    "A stack delivers the runtime of one architecture. Set runtime: 'host' and install Node 20.12 or later on the hosts.",
  );
}
