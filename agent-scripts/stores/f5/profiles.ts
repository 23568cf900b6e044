import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import type { Device } from './device.ts';
import { urlName } from './objects.ts';
import type { Entry, ProfilePlan } from './plan.ts';

const text = z.optional(z.string());

/** A client-SSL profile as `GET` returns it. The fields cert, key and chain repeat the entry "default". */
const Profile = z.object({
  cert: text,
  key: text,
  chain: text,
  passphrase: text,
  inheritCertkeychain: text,
  certKeyChain: z.optional(z.array(z.record(z.string(), z.unknown()))),
});

/** The references of one profile. */
export type ProfileState = Pick<ProfilePlan, 'path' | 'form'> & { readonly entries: readonly Entry[] };

export function profileUrl(path: string): string {
  return `/mgmt/tm/ltm/profile/client-ssl/${urlName(path)}`;
}

/**
 * Reads the references of a profile.
 * @throws CertferryError PlanInvalid for a profile that does not exist or that certferry cannot change and restore
 */
export async function readProfile(device: Device, path: string): Promise<ProfileState> {
  const answer = await device.ask({ method: 'GET', path: profileUrl(path) }, [404]);
  if (answer.status === 404)
    throw invalid(path, 'does not exist. Correct `profile` and `partition` of the target');
  const profile = Profile.parse(answer.body);
  const entries = entriesOf(profile);
  if (profile.inheritCertkeychain === 'true')
    throw invalid(path, 'inherits its certificate from its parent. Set a certificate and a key in it first');
  if ([profile.passphrase, ...entries.map(({ passphrase }) => passphrase)].some(isSet))
    throw invalid(path, 'has a key with a passphrase, which certferry cannot restore. Replace it first');
  return { path, form: profile.certKeyChain === undefined ? 'fields' : 'entries', entries };
}

function entriesOf({ certKeyChain, cert, key, chain }: z.infer<typeof Profile>): Entry[] {
  const raw = certKeyChain ?? [{ name: '', cert, key, chain }];
  return raw.map((entry) => {
    const texts = Object.entries(entry).filter(
      (field): field is [string, string] => typeof field[1] === 'string' && !unset.has(field),
    );
    return Object.fromEntries(texts);
  });
}

/** The device has no null: a field without a value is "none" or absent. */
const unset = { has: ([name, value]: [string, unknown]) => name !== 'name' && value === 'none' };

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'none';
}

function invalid(path: string, why: string): CertferryError {
  return new CertferryError('PlanInvalid', `The client-SSL profile ${path} ${why}.`);
}

/**
 * The body of a `PATCH` that sets these entries. An absent chain is "none": without the field, the device would keep the
 * previous chain. `certKeyChain` is never mixed with cert, key and chain (01b4002a:3).
 */
export function patchOf(form: ProfilePlan['form'], entries: readonly Entry[]): Record<string, unknown> {
  if (form === 'entries')
    return { certKeyChain: entries.map((entry) => ({ ...entry, chain: chainOf(entry) })) };
  const [entry = {}] = entries;
  return { cert: entry.cert, key: entry.key, chain: chainOf(entry) };
}

function chainOf({ chain }: Entry): string {
  return chain ?? 'none';
}
