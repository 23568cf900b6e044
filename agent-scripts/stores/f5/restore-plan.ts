import { CertferryError } from '../../../core/errors.ts';
import { deleteCreated } from './created-objects.ts';
import { removeUploads } from './objects.ts';
import { persist } from './persist.ts';
import type { Entry, F5Plan } from './plan.ts';
import { conflict, type DeploymentContext, isAfter, statesOf } from './plan-states.ts';
import { patchOf } from './profiles.ts';
import { changeProfiles } from './transaction.ts';

/** How often a commit of the interrupted run may arrive between the transaction back and the deletion of its objects. */
const lateCommits = 3;

/**
 * Returns the profiles to their previous references, then deletes what `apply` has created. A profile that another program
 * has changed since keeps its references, because the version of the plan is not in it any more.
 *
 * A commit that `apply` has sent may still be running. If it comes before the deletion, the device refuses the deletion
 * (01070265:3), and the loop begins again. If it comes after the deletion, the device refuses the commit (01070277:3).
 *
 * The configuration is saved before the deletion: a saved reference to a deleted object would make the device load no
 * configuration after a reboot.
 * @throws CertferryError StoreConflict if a profile has a certificate of another program
 */
export async function restorePlan(context: DeploymentContext, plan: F5Plan): Promise<void> {
  const { device, config } = context;
  await removeUploads(device, Object.values(context.uploads));
  for (let round = 0; round < lateCommits; round += 1) {
    await returnProfiles(context, plan);
    await persist(device, config.deviceGroup);
    if (await deleteCreated(context, plan)) await persist(device, config.deviceGroup);
    if (await isInstalledAgain(context, plan)) continue;
    return requirePrevious(context, plan);
  }
  throw new CertferryError(
    'StoreConflict',
    'A client-SSL profile changes to the new version again and again.',
  );
}

async function returnProfiles(context: DeploymentContext, plan: F5Plan): Promise<void> {
  const { device, config } = context;
  const states = await statesOf(context, plan);
  const changed = states.filter((one) => isAfter(plan, config.partition, one));
  if (changed.length === 0) return;
  const changes = changed.map(({ profile, state }) => {
    const previous = profile.before.find(({ name }) => name === profile.entry) ?? {};
    const entries = state.entries.map((entry) => (entry.name === profile.entry ? previous : entry));
    return { path: profile.path, patch: patchOf(profile.form, entries) };
  });
  const result = await changeProfiles(device, changes, {
    validateOnly: false,
    beforeCommit: async () => undefined,
  });
  if (result === 'done' || !(await isInstalledAgain(context, plan))) return;
  throw new CertferryError(
    'StoreUnreachable',
    `BIG-IP did not restore the previous version: ${result.unknown}`,
  );
}

/** @throws CertferryError StoreConflict if a profile has a certificate of another program, which stays */
async function requirePrevious(context: DeploymentContext, plan: F5Plan): Promise<void> {
  for (const { profile, state } of await statesOf(context, plan)) {
    const certOf = (entries: readonly Entry[]) => entries.find(({ name }) => name === profile.entry)?.cert;
    if (certOf(state.entries) !== certOf(profile.before)) throw conflict(plan);
  }
}

async function isInstalledAgain(context: DeploymentContext, plan: F5Plan): Promise<boolean> {
  const states = await statesOf(context, plan);
  return states.some((one) => isAfter(plan, context.config.partition, one));
}
