import type { InstanceInformation } from '@aws-sdk/client-ssm';
import { counted } from '../../core/counted.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Fleet, FoundHost } from '../../services/fleet/find-hosts.ts';
import { informationOf } from '../../services/ssm/managed-nodes.ts';
import type { Clients } from '../stack/clients.ts';
import { type Check, check, type Finding, failed, listed, passed } from './check.ts';

/** Since this version, the SSM Agent passes parameters without writing them into the script: docs/deploying.md. */
export const minimumAgent = '3.3.2746.0';

/** A registered target with its current hosts. */
export interface HostedTarget {
  readonly target: RegisteredTarget;
  readonly hosts: readonly FoundHost[];
}

/** Checks that every target has hosts, that SSM reaches them, and that their SSM Agent is new enough. */
export async function hostChecks(
  { ssm }: Pick<Clients, 'ssm'>,
  hosted: readonly HostedTarget[],
): Promise<Check[]> {
  const ids = [...new Set(hosted.flatMap(({ hosts }) => hosts.map(({ host }) => host)))];
  const own = ids.filter((id) => !id.includes('/'));
  const elsewhere = ids.length - own.length;
  const nodes = new Map((await informationOf(ssm, own)).map((node) => [node.InstanceId ?? '', node]));
  return Promise.all([
    check('targets without a host', async () => targetsWithoutHost(hosted)),
    check('hosts', async () => hostStates(own, nodes, elsewhere)),
    check('SSM Agent', async () => agentVersions(own.flatMap((id) => nodes.get(id) ?? []))),
  ]);
}

/** Finds the hosts of each target; a target whose hosts cannot be determined gets none. */
export async function findHostsOf(
  targets: readonly RegisteredTarget[],
  fleet: Fleet,
): Promise<HostedTarget[]> {
  const hosted: HostedTarget[] = [];
  // one call at a time: EC2 and SSM limit these calls to a few each second
  for (const target of targets) {
    hosted.push({ target, hosts: await fleet.resolve(target.host).catch(() => []) });
  }
  return hosted;
}

function targetsWithoutHost(hosted: readonly HostedTarget[]): Finding {
  const checked = hosted.filter(({ target }) => !isElsewhere(target));
  const without = checked.filter(({ hosts }) => hosts.length === 0).map(({ target }) => target.id);
  const others = notChecked(hosted.length - checked.length);
  if (without.length === 0) return passed(`${counted(checked.length, 'target')}, all with a host${others}`);
  return failed(
    `no host found for ${listed(without)}`,
    'Start an instance with these tags or in this group, or correct the target.',
  );
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
  elsewhere: number,
): Finding {
  const unknown = ids.filter((id) => !nodes.has(id));
  const offline = ids.filter((id) => nodes.has(id) && nodes.get(id)?.PingStatus !== 'Online');
  const others = notChecked(elsewhere);
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

function agentVersions(nodes: readonly InstanceInformation[]): Finding {
  const old = nodes.filter(({ AgentVersion = '0' }) => !isAtLeast(AgentVersion, minimumAgent));
  if (old.length === 0) return passed(`${counted(nodes.length, 'host')} with ${minimumAgent} or later`);
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
