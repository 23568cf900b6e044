import { memberTargetId, type RegisteredTarget } from '../../core/targets/registered.ts';
import type { StartedInstances } from '../../services/fleet/started-instances.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Instance } from './read-trigger.ts';
import { hostOf, type NewInstance, type StackLocation, targetsWithTags } from './rollout-starts.ts';

export interface TaggedInstanceServices {
  readonly catalogue: Pick<Catalogue, 'targets'>;
  readonly installed: Pick<InstalledVersions, 'of'>;
  readonly instances: StartedInstances;
}

/** A new instance with the targets that select it by its tags; or why none of them needs a rollout. */
export type TaggedInstance =
  | { readonly start: NewInstance; readonly targets: readonly RegisteredTarget[] }
  | { readonly reason: string };

/** SSM commands require this tag of a host, so it is checked before the registry is read. */
const requiredTag = { key: 'certferry', value: 'true' } as const;

/**
 * Finds the targets on an instance that select it by its tags and never had a deployment. EC2 also reports each later start
 * of an instance, and each change of another tag: these targets have a deployment then.
 */
export async function newTargetsOn(
  { instance, reason }: { readonly instance: Instance; readonly reason: string },
  stack: StackLocation,
  by: TaggedInstanceServices,
): Promise<TaggedInstance> {
  const host = hostOf(instance, stack);
  const found = await by.instances.find(host);
  if (found === null) return { reason: `${host} is not running` };
  if (found.tags[requiredTag.key] !== requiredTag.value) {
    return { reason: `${host} does not have the tag ${requiredTag.key}=${requiredTag.value}` };
  }
  const all = (await by.catalogue.targets()).map(({ thing }) => thing);
  const selecting = targetsWithTags(instance, found.tags, { stack, targets: all });
  if (selecting.length === 0) return { reason: `no target selects ${host} by its tags` };
  const installed = await by.installed.of(selecting.map((target) => memberTargetId(target, host)));
  const targets = selecting.filter((target) => !installed.has(memberTargetId(target, host)));
  if (targets.length === 0) return { reason: `the targets on ${host} have a deployment` };
  // all events about one start have the same identity
  return { start: { instance, identity: [host, String(found.startedAt)], reason }, targets };
}
