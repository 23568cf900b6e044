import { type HostLocation, hostLocationOf, isFunctionHost } from '../../core/targets/host-location.ts';
import type { HostSelector } from '../../core/targets/registered.ts';
import { hybridNodesWithTags, informationOf } from '../ssm/managed-nodes.ts';
import { isTerminating, lifecycleStates, serves } from './auto-scaling-groups.ts';
import type { HostClients } from './find-hosts.ts';
import { type FoundInstance, instancesById, isTerminated } from './instances.ts';

/**
 * Whether a host still belongs to its fleet. `terminated`: it does not exist any more, or is being terminated. `deselected`: it
 * exists, but its selector no longer finds it. `why` is an observed fact. A host that is only offline is `present`.
 */
export type Whereabouts =
  | { readonly type: 'present' }
  | { readonly type: 'terminated' | 'deselected'; readonly why: string };

/**
 * Finds out whether a host is gone. `selector`: that of its registered target; null if the target names the host, or is not
 * registered. Throws what EC2, Auto Scaling and SSM throw: then nothing is known.
 */
export type FindWhereabouts = (
  host: string,
  selector: Exclude<HostSelector, string> | null,
) => Promise<Whereabouts>;

const present: Whereabouts = { type: 'present' };
const terminated = (why: string): Whereabouts => ({ type: 'terminated', why });
const deselected = (why: string): Whereabouts => ({ type: 'deselected', why });

/**
 * Whereabouts from the services that planned the deployment (`find-hosts.ts`). Asks for one host only, because an outage of a
 * zone makes many hosts unreachable at once.
 *
 * | host | gone if |
 * | --- | --- |
 * | instance | EC2 reports `shutting-down` or `terminated`, or neither EC2 nor SSM knows it |
 * | instance of a group | in addition: the group does not list it, or lists it as terminating, in a warm pool or on standby |
 * | instance with tags | in addition: it lacks a tag, or does not run |
 * | hybrid node | SSM does not know it, or it lacks a tag |
 */
export function createWhereabouts(clientsAt: (place: HostLocation) => HostClients): FindWhereabouts {
  return async (host, selector) => {
    const place = hostLocationOf(host);
    if (isFunctionHost(host)) return present;
    const clients = clientsAt(place);
    if (place.instance.startsWith('i-')) return ofInstance(clients, place.instance, selector);
    if (place.instance.startsWith('mi-')) return ofHybridNode(clients, place.instance, selector);
    return present;
  };
}

type Selector = Parameters<FindWhereabouts>[1];

async function ofInstance(clients: HostClients, id: string, selector: Selector): Promise<Whereabouts> {
  const instance = (await instancesById(clients.ec2, [id])).get(id);
  if (instance !== undefined && isTerminated(instance))
    return terminated(`EC2 reports it as ${instance.state}`);
  if (selector !== null && 'autoScalingGroup' in selector) {
    return inGroup(
      selector.autoScalingGroup,
      id,
      await lifecycleStates(clients.autoScaling, selector.autoScalingGroup),
    );
  }
  if (instance !== undefined) return selector === null ? present : withTags(instance, selector.tags);
  return (await isKnown(clients, id)) ? present : terminated('neither EC2 nor SSM knows it');
}

/** EC2 may not know an instance yet that its group has just launched. */
function inGroup(group: string, id: string, states: ReadonlyMap<string, string>): Whereabouts {
  const state = states.get(id);
  if (state === undefined) return deselected(`Auto Scaling group ${group} does not list it`);
  if (serves(state)) return present;
  const why = `Auto Scaling group ${group} lists it as ${state}`;
  return isTerminating(state) ? terminated(why) : deselected(why);
}

function withTags({ state, tags }: FoundInstance, wanted: Readonly<Record<string, string>>): Whereabouts {
  if (state === 'stopping' || state === 'stopped') {
    return deselected(`EC2 reports it as ${state}, and tags select running instances`);
  }
  const missing = Object.entries(wanted).find(([name, value]) => tags[name] !== value);
  return missing === undefined ? present : deselected(`it does not have the tag ${missing.join('=')}`);
}

async function ofHybridNode(clients: HostClients, id: string, selector: Selector): Promise<Whereabouts> {
  if (!(await isKnown(clients, id))) return terminated('SSM does not know it: it was deregistered');
  if (selector === null || !('tags' in selector)) return present;
  const selected = await hybridNodesWithTags(clients.ssm, selector.tags);
  return selected.has(id) ? present : deselected('SSM does not report it with all tags of the selector');
}

const isKnown = async ({ ssm }: HostClients, id: string): Promise<boolean> =>
  (await informationOf(ssm, [id])).length > 0;
