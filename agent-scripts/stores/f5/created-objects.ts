import { deleteObject, listObjects, removeUploads } from './objects.ts';
import { persist } from './persist.ts';
import { candidatePaths, chainNameOf, type F5Plan, type ObjectKind } from './plan.ts';
import type { DeploymentContext } from './plan-states.ts';
import { readProfiles } from './read-profiles.ts';

/**
 * Deletes the objects that a deployment of this plan has created, unless a profile uses them. Returns whether something was
 * deleted.
 */
export async function deleteCreated(
  { device, config }: DeploymentContext,
  { created }: F5Plan,
): Promise<boolean> {
  if (created === null) return false;
  const objects: [ObjectKind, string][] = [
    ['ssl-key', created.name],
    ['ssl-cert', created.name],
    ...(created.chain ? [['ssl-cert', chainNameOf(created.name)] as [ObjectKind, string]] : []),
  ];
  let isChanged = false;
  for (const [kind, name] of objects) {
    const result = await deleteObject(device, kind, candidatePaths(config.partition, kind, name));
    isChanged ||= result === 'deleted';
  }
  return isChanged;
}

/**
 * Deletes the objects of earlier deployments of this target that no kept plan and no profile needs. Names tell which
 * objects certferry has created; it deletes no other.
 */
export async function collectObjects(context: DeploymentContext, kept: readonly F5Plan[]): Promise<void> {
  const { device, config, prefix } = context;
  await removeUploads(device, Object.values(context.uploads));
  const current = (await readProfiles(device, config)).flatMap(({ entries }) => entries);
  const earlier = kept.flatMap(({ profiles }) => profiles.flatMap(({ before }) => before));
  const needed = new Set([...current, ...earlier].flatMap(({ cert, key, chain }) => [cert, key, chain]));
  let isChanged = false;
  for (const kind of ['ssl-key', 'ssl-cert'] as const) {
    const paths = await listObjects(device, kind, { partition: config.partition, prefix });
    for (const path of paths.filter((one) => !needed.has(one)))
      isChanged = (await deleteObject(device, kind, [path])) === 'deleted' || isChanged;
  }
  if (isChanged) await persist(device, config.deviceGroup);
}
