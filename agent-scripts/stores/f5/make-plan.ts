import { CertferryError } from '../../../core/errors.ts';
import type { Desired } from '../store.ts';
import type { Device } from './device.ts';
import { objectUrl } from './objects.ts';
import { checkGroup } from './persist.ts';
import type { Entry, F5Plan, ProfilePlan } from './plan.ts';
import type { DeploymentContext } from './plan-states.ts';
import { readProfiles, selectedEntry } from './read-profiles.ts';

/**
 * Reads the current references. A rollback returns to the references before the plan that it reverses.
 * @throws CertferryError PlanInvalid, StoreConflict, Irreversible if an object of the previous version has been deleted
 */
export async function makePlan(
  { device, config }: DeploymentContext,
  name: string,
  desired: Desired<F5Plan>,
): Promise<F5Plan> {
  await checkGroup(device, config.deviceGroup);
  const states = await readProfiles(device, config);
  if (desired.kind === 'bundle') {
    const { keyAlgorithm } = desired.version;
    if (keyAlgorithm !== 'rsa' && keyAlgorithm !== 'ec')
      throw new CertferryError(
        'PlanInvalid',
        `A client-SSL profile takes RSA and ECDSA keys, not ${keyAlgorithm}.`,
      );
    const profiles = states.map((state): ProfilePlan => {
      const entry = selectedEntry(state, config).name ?? '';
      return { path: state.path, form: state.form, entry, before: [...state.entries], after: null };
    });
    return { v: 1, profiles, created: { name, chain: desired.bundle.chain.length > 0 } };
  }
  const profiles: ProfilePlan[] = [];
  for (const { path, form, entry, before } of desired.of.profiles) {
    const now = states.find((state) => state.path === path);
    if (now === undefined)
      throw new CertferryError('PlanInvalid', `The target no longer has the client-SSL profile ${path}.`);
    const previous = before.find(({ name }) => name === entry);
    await requireObjects(device, previous);
    const after = now.entries.map((current) => (current.name === entry ? (previous ?? current) : current));
    profiles.push({ path, form, entry, before: [...now.entries], after });
  }
  return { v: 1, profiles, created: null };
}

async function requireObjects(device: Device, entry: Entry | undefined): Promise<void> {
  const references = [
    ['ssl-cert', entry?.cert],
    ['ssl-key', entry?.key],
    ['ssl-cert', entry?.chain],
  ] as const;
  for (const [kind, path] of references) {
    if (path === undefined) continue;
    const answer = await device.ask({ method: 'GET', path: objectUrl(kind, path) }, [404]);
    if (answer.status !== 404) continue;
    throw new CertferryError(
      'Irreversible',
      `The ${kind} ${path} of the previous version no longer exists on the BIG-IP. Deploy the previous version again.`,
    );
  }
}
