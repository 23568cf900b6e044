import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { type Check, type Finding, failed, listed, nothing, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Fleet, FoundHost } from '../../services/fleet/find-hosts.ts';
import { informationOf } from '../../services/ssm/managed-nodes.ts';
import type { Clients } from '../stack/clients.ts';
import { diagnose } from './causes.ts';
import { check } from './check.ts';
import type { Downloads } from './deployed-document.ts';
import { judgePlatforms } from './platform-checks.ts';

/** Since this version, the SSM Agent passes parameters without writing them into the script: docs/deploying.md. */
export const minimumAgent = '3.3.2746.0';

/** A registered target with its current hosts. `error` is that of the search, if it failed: the hosts are then unknown. */
export interface HostedTarget {
  readonly target: RegisteredTarget;
  readonly hosts: readonly FoundHost[];
  readonly error: unknown;
}

/** Checks that every target has hosts, that SSM reaches them, and that their SSM Agent is new enough. */
export async function hostChecks(
  { ssm }: Pick<Clients, 'ssm'>,
  hosted: readonly HostedTarget[],
  downloads: Promise<Downloads>,
): Promise<Check[]> {
  const ids = hostIds(hosted);
  const own = checkedHostIds(hosted);
  const others = notChecked(ids.length - own.length) + unknownHosts(hosted);
  const information = informationOf(ssm, own).then(
    (nodes) => new Map(nodes.map((node) => [node.InstanceId ?? '', node])),
  );
  return Promise.all([
    check('targets without a host', async () => targetsWithoutHost(hosted)),
    check('hosts', async () => hostStates(own, await information, others)),
    check('SSM Agent', async () => agentVersions([...(await information).values()], others)),
    check('systems', async () => judgePlatforms([...(await information).values()], await downloads)),
  ]);
}

function hostIds(hosted: readonly HostedTarget[]): string[] {
  const all = hosted.flatMap(({ hosts }) => hosts.map(({ host }) => host));
  return [...new Set(all)].filter((host) => !isFunctionHost(host));
}

/** The hosts in this account and region, each once. */
export function checkedHostIds(hosted: readonly HostedTarget[]): string[] {
  return hostIds(hosted).filter((id) => !id.includes('/'));
}

/** Finds the hosts of each target. */
export async function findHostsOf(
  targets: readonly RegisteredTarget[],
  fleet: Fleet,
): Promise<HostedTarget[]> {
  const hosted: HostedTarget[] = [];
  // one call at a time: EC2 and SSM limit these calls to a few each second
  for (const target of targets) hosted.push(await findHosts(target, fleet));
  return hosted;
}

async function findHosts(target: RegisteredTarget, fleet: Fleet): Promise<HostedTarget> {
  if (isElsewhere(target)) return { target, hosts: [], error: null };
  try {
    return { target, hosts: await fleet.resolve(target.host), error: null };
  } catch (error) {
    return { target, hosts: [], error };
  }
}

function targetsWithoutHost(hosted: readonly HostedTarget[]): Finding {
  const checked = hosted.filter(({ target }) => !isElsewhere(target));
  const others = notChecked(hosted.length - checked.length);
  if (checked.length === 0) return nothing(`no target to check${others}`, registerHost);
  const unknown = checked.filter(({ error }) => error !== null);
  if (unknown.length > 0) return unknownHostsFinding(unknown);
  const without = checked.filter(({ hosts }) => hosts.length === 0).map(({ target }) => target.id);
  if (without.length === 0) return passed(`${counted(checked.length, 'target')}, all with a host${others}`);
  return failed(
    `no host found for ${listed(without)}${others}`,
    'Start an instance with these tags or in this group, or correct the target.',
  );
}

/** Each cause once, with its targets; the remedies in the same order. */
function unknownHostsFinding(unknown: readonly HostedTarget[]): Finding {
  const byCause = new Map<string, { readonly next: string; readonly ids: string[] }>();
  for (const { target, error } of unknown) {
    const { found, next } = diagnose(error);
    const known = byCause.get(found) ?? { next, ids: [] };
    known.ids.push(target.id);
    byCause.set(found, known);
  }
  const causes = [...byCause].map(([found, { ids }]) => `the hosts of ${listed(ids)} are unknown: ${found}`);
  const remedies = new Set([...byCause.values()].map(({ next }) => next));
  return failed(causes.join('; '), [...remedies].join(' '));
}

function unknownHosts(hosted: readonly HostedTarget[]): string {
  const count = hosted.filter(({ error }) => error !== null).length;
  return count === 0 ? '' : `; the hosts of ${counted(count, 'target')} are unknown`;
}

/** Selects hosts by tags or group in another account or region; the operator's credentials cannot read there. */
function isElsewhere({ host }: RegisteredTarget): boolean {
  return typeof host === 'object' && host.account !== undefined;
}

const notChecked = (count: number) =>
  count === 0 ? '' : `; ${count} in other accounts or regions were not checked`;

function hostStates(
  ids: readonly string[],
  nodes: ReadonlyMap<string, InstanceInformation>,
  others: string,
): Finding {
  if (ids.length === 0) return nothing(`no host to check${others}`, registerHost);
  const unknown = ids.filter((id) => !nodes.has(id));
  const offline = ids.filter((id) => nodes.has(id) && nodes.get(id)?.PingStatus !== 'Online');
  if (unknown.length > 0) {
    return failed(
      `not registered with SSM: ${listed(unknown)}${others}`,
      'Give the host the policy AmazonSSMManagedInstanceCore and network access to SSM, and start its SSM Agent.',
    );
  }
  if (offline.length > 0) {
    return failed(`offline: ${listed(offline)}${others}`, 'Start the host, or its SSM Agent.');
  }
  return passed(`${counted(ids.length, 'host')}, all online${others}`);
}

const registerHost = 'Register a target with a host in this account: certferry targets apply FILE';

function agentVersions(nodes: readonly InstanceInformation[], others: string): Finding {
  if (nodes.length === 0)
    return nothing(`no host is registered with SSM${others}`, 'Correct the check "hosts" first.');
  const old = nodes.filter(({ AgentVersion = '0' }) => !isAtLeast(AgentVersion, minimumAgent));
  if (old.length === 0)
    return passed(`${counted(nodes.length, 'host')} with ${minimumAgent} or later${others}`);
  const words = old.map(({ InstanceId, AgentVersion }) => `${InstanceId} has ${AgentVersion}`);
  return failed(
    `older than ${minimumAgent}: ${listed(words)}`,
    'Update it: aws ssm send-command --document-name AWS-UpdateSSMAgent --targets Key=InstanceIds,Values=…',
  );
}

/** Compares versions number by number: `3.3.987.0` is older than `3.3.2746.0`. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [ours, theirs] = [version, minimum].map((text) => text.split('.').map(Number));
  for (const [at, required] of (theirs ?? []).entries()) {
    const actual = ours?.[at] ?? 0;
    if (actual !== required) return actual > required;
  }
  return true;
}
