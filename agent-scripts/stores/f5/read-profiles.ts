import { CertferryError } from '../../../core/errors.ts';
import type { F5Config } from '../../../core/targets/kinds/f5.ts';
import type { Device } from './device.ts';
import type { Entry } from './plan.ts';
import { type ProfileState, readProfile } from './profiles.ts';

/** The profiles of a target, in the order of its configuration. */
export async function readProfiles(
  device: Device,
  { partition, profile }: Pick<F5Config, 'partition' | 'profile'>,
): Promise<ProfileState[]> {
  const profiles: ProfileState[] = [];
  for (const name of [profile].flat()) profiles.push(await readProfile(device, `/${partition}/${name}`));
  return profiles;
}

/**
 * The entry of `certKeyChain` that a target changes.
 * @throws CertferryError PlanInvalid for several entries without certKeyChainName, or none of that name
 */
export function selectedEntry(
  { path, entries }: ProfileState,
  { certKeyChainName }: Pick<F5Config, 'certKeyChainName'>,
): Entry {
  const [only, ...others] = entries;
  const found =
    certKeyChainName === undefined || only?.name === ''
      ? only
      : entries.find(({ name }) => name === certKeyChainName);
  const names = entries.map(({ name }) => name).join(', ');
  if (certKeyChainName === undefined && others.length > 0)
    throw new CertferryError(
      'PlanInvalid',
      `The client-SSL profile ${path} has several certificates: ${names}. Configure certKeyChainName.`,
    );
  if (found?.cert === undefined || found.key === undefined)
    throw new CertferryError(
      'PlanInvalid',
      `The client-SSL profile ${path} has no certificate and key in ${certKeyChainName ?? 'its entry'}. Entries: ${names || 'none'}. Set both first.`,
    );
  return found;
}
