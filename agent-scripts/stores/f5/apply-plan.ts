import { CertferryError } from '../../../core/errors.ts';
import type { Desired, StoreCheck } from '../store.ts';
import { deleteCreated } from './created-objects.ts';
import { chainText } from './installed.ts';
import { createObject, removeUploads } from './objects.ts';
import { persist, synchronize } from './persist.ts';
import { chainNameOf, type Entry, type F5Plan, replaced, sameReferences } from './plan.ts';
import { conflict, type DeploymentContext, isAfter, statesOf } from './plan-states.ts';
import { patchOf } from './profiles.ts';
import { changeProfiles, type ProfileChange } from './transaction.ts';

/** Lets the device check the change: objects, then a transaction that is only validated. The objects are removed. */
export async function validatePlan(
  context: DeploymentContext,
  plan: F5Plan,
  desired: Desired<F5Plan>,
): Promise<StoreCheck> {
  const { device, config } = context;
  try {
    const next = await createObjects(context, plan, desired);
    const result = await changeProfiles(device, changesOf(plan, next), {
      validateOnly: true,
      beforeCommit: () => requireUnchanged(context, plan),
    });
    if (result !== 'done')
      throw new CertferryError('StoreUnreachable', `BIG-IP did not check the change: ${result.unknown}`);
    return { kind: 'accepted' };
  } catch (error) {
    if (error instanceof CertferryError && error.name === 'StoreRefused')
      return { kind: 'refused', why: error.message };
    throw error;
  } finally {
    // creating and deleting objects counts as a change of the group
    if (await deleteCreated(context, plan)) await synchronize(device, config.deviceGroup);
  }
}

/** Creates the objects, changes the references in one transaction, saves, synchronizes and reads back. */
export async function applyPlan(
  context: DeploymentContext,
  plan: F5Plan,
  desired: Desired<F5Plan>,
): Promise<void> {
  const { device, config } = context;
  if (!(await isApplied(context, plan))) {
    await requireUnchanged(context, plan);
    const next = await createObjects(context, plan, desired);
    const result = await changeProfiles(device, changesOf(plan, next), {
      validateOnly: false,
      beforeCommit: () => requireUnchanged(context, plan),
    });
    if (result !== 'done') await requireCommitted(context, plan, result.unknown);
  }
  await persist(device, config.deviceGroup);
  if (await isApplied(context, plan)) return;
  throw conflict(plan);
}

/** The paths of the new objects, or null for a rollback to objects that exist. The uploaded files are removed in every case. */
async function createObjects(
  { device, config, uploads }: DeploymentContext,
  { created }: F5Plan,
  desired: Desired<F5Plan>,
): Promise<Entry | null> {
  if (created === null || desired.kind !== 'bundle') return null;
  const { leaf, chain, key } = desired.bundle;
  const { partition } = config;
  const files = Object.values(uploads);
  await removeUploads(device, files);
  try {
    const { name } = created;
    const next: Entry = {
      key: await createObject(device, { kind: 'ssl-key', partition, name, text: key, file: uploads.key }),
      cert: await createObject(device, { kind: 'ssl-cert', partition, name, text: leaf, file: uploads.cert }),
    };
    if (chain.length === 0) return next;
    return {
      ...next,
      chain: await createObject(device, {
        kind: 'ssl-cert',
        partition,
        name: chainNameOf(name),
        text: chainText(chain),
        file: uploads.chain,
      }),
    };
  } finally {
    await removeUploads(device, files);
  }
}

function changesOf(plan: F5Plan, next: Entry | null): ProfileChange[] {
  return plan.profiles.map(({ path, form, entry, before, after }) => ({
    path,
    patch: patchOf(form, next === null ? (after ?? before) : replaced(before, entry, next)),
  }));
}

async function isApplied(context: DeploymentContext, plan: F5Plan): Promise<boolean> {
  const states = await statesOf(context, plan);
  return states.every((one) => isAfter(plan, context.config.partition, one));
}

/** @throws CertferryError StoreConflict if a profile has other references than the plan found */
async function requireUnchanged(context: DeploymentContext, plan: F5Plan): Promise<void> {
  for (const { profile, state } of await statesOf(context, plan))
    if (!sameReferences(state.entries, profile.before)) throw conflict(plan);
}

/** After a commit without an answer, the profile shows whether the device has committed. */
async function requireCommitted(context: DeploymentContext, plan: F5Plan, why: string): Promise<void> {
  if (await isApplied(context, plan)) return;
  await requireUnchanged(context, plan);
  throw new CertferryError('StoreUnreachable', `BIG-IP did not commit the change: ${why}`);
}
