import type { InstanceInformation } from '@aws-sdk/client-ssm';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Fleet, FoundHost } from '../../services/fleet/find-hosts.ts';
import { informationOf } from '../../services/ssm/managed-nodes.ts';
import type { Clients } from '../stack/clients.ts';
import { amiss, type Check, check, type Finding, listed, well } from './check.ts';

/** From this version on the SSM Agent hands parameters over without putting them into the script: docs/deploying.md. */
export const oldestAgent = '3.3.2746.0';

/** A registered target with the hosts that it has now. */
export interface Placed {
  readonly target: RegisteredTarget;
  readonly hosts: readonly FoundHost[];
}

/** Whether every target has hosts, and whether SSM reaches them with an agent that is new enough. */
export async function hostChecks({ ssm }: Pick<Clients, 'ssm'>, placed: readonly Placed[]): Promise<Check[]> {
  const ids = [...new Set(placed.flatMap(({ hosts }) => hosts.map(({ host }) => host)))];
  const here = ids.filter((id) => !id.includes('/'));
  const elsewhere = ids.length - here.length;
  const known = new Map((await informationOf(ssm, here)).map((node) => [node.InstanceId ?? '', node]));
  return Promise.all([
    check('targets without a host', async () => hostless(placed)),
    check('hosts', async () => registered(here, known, elsewhere)),
    check('SSM Agent', async () => versions(here.flatMap((id) => known.get(id) ?? []))),
  ]);
}

/** Finds the hosts of each target; a target whose hosts cannot be found out has none. */
export async function place(targets: readonly RegisteredTarget[], fleet: Fleet): Promise<Placed[]> {
  const placed: Placed[] = [];
  // one after another: EC2 and SSM allow few of these calls a second
  for (const target of targets) {
    placed.push({ target, hosts: await fleet.resolve(target.host).catch(() => []) });
  }
  return placed;
}

function hostless(placed: readonly Placed[]): Finding {
  const asked = placed.filter(({ target }) => !isSoughtElsewhere(target));
  const without = asked.filter(({ hosts }) => hosts.length === 0).map(({ target }) => target.id);
  const others = notAsked(placed.length - asked.length);
  if (without.length === 0) return well(`${asked.length} targets, all with a host${others}`);
  return amiss(
    `no host is found for ${listed(without)}`,
    'Start an instance with these tags or in this group, or correct the target.',
  );
}

/** By tags or a group of another account or region: whoever runs the doctor may not ask there. */
function isSoughtElsewhere({ host }: RegisteredTarget): boolean {
  return typeof host === 'object' && host.account !== undefined;
}

const notAsked = (count: number) =>
  count === 0 ? '' : `; ${count} in other accounts or regions were not asked about`;

function registered(
  ids: readonly string[],
  known: ReadonlyMap<string, InstanceInformation>,
  elsewhere: number,
): Finding {
  const unknown = ids.filter((id) => !known.has(id));
  const offline = ids.filter((id) => known.has(id) && known.get(id)?.PingStatus !== 'Online');
  const others = notAsked(elsewhere);
  if (unknown.length > 0) {
    return amiss(
      `not registered with SSM: ${listed(unknown)}${others}`,
      'Give the host the policy AmazonSSMManagedInstanceCore and a way to SSM, and start its agent.',
    );
  }
  if (offline.length > 0) {
    return amiss(`not online: ${listed(offline)}${others}`, 'Start the host, or its SSM Agent.');
  }
  return well(`${ids.length} hosts, all online${others}`);
}

function versions(found: readonly InstanceInformation[]): Finding {
  const old = found.filter(({ AgentVersion = '0' }) => !isAtLeast(AgentVersion, oldestAgent));
  if (old.length === 0) return well(`${found.length} hosts with ${oldestAgent} or later`);
  const words = old.map(({ InstanceId, AgentVersion }) => `${InstanceId} has ${AgentVersion}`);
  return amiss(
    `older than ${oldestAgent}: ${listed(words)}`,
    'Update it: aws ssm send-command --document-name AWS-UpdateSSMAgent --targets Key=InstanceIds,Values=…',
  );
}

/** Compares versions number by number: `3.3.987.0` is older than `3.3.2746.0`. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [ours, theirs] = [version, oldest].map((text) => text.split('.').map(Number));
  for (const [at, wanted] of (theirs ?? []).entries()) {
    const has = ours?.[at] ?? 0;
    if (has !== wanted) return has > wanted;
  }
  return true;
}
