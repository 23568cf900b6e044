import * as z from 'zod/mini';
import type { HostKey } from '../../core/deployment/agent-line.ts';
import { HostPrivateKey, makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import type { UnsealedJob } from '../../core/seal/unseal.ts';
import type { Home } from './home.ts';
import { isUsable, nextKeyCurve } from './key-curve.ts';
import { rememberSecret } from './known-keys.ts';
import { readRecord } from './read-record.ts';
import { writeRecord } from './space-reserve.ts';

/**
 * `current` is the key that bundles are sealed to. `next` exists from the moment at which `current` opens a job until
 * `current` is retired: the reply contains its public half. `retired` are the ids of the last keys that were deleted.
 */
const HostKeys = z.strictObject({
  current: HostPrivateKey,
  next: z.nullable(HostPrivateKey),
  retired: z._default(z.array(z.string()), []),
});
type HostKeys = z.infer<typeof HostKeys>;

/** A sender that misses a reply has the last retired key. The others serve senders that miss several. */
const maximumRetired = 8;

/** The public key for the next bundle to this host. Creates the host's first key if it has none. */
export async function hostPublicKey(home: Home): Promise<HostKey> {
  const { current, next } = (await usableKeys(home)) ?? (await replaceKeys(home, null));
  return publicHostKey(next ?? current);
}

/**
 * Opens a sealed job with `unseal`. The first job that a key opens also creates the next key, before the job starts: the host always has
 * a key for the next bundle.
 * Null if the job is sealed to a key that this host does not have.
 * @throws CertferryError SealBroken
 */
export async function openSealed<Body>(
  home: Home,
  { kid, text }: { readonly kid: string; readonly text: string },
  unseal: (text: string, key: HostPrivateKey) => Promise<UnsealedJob<Body>>,
): Promise<UnsealedJob<Body> | null> {
  const keys = await usableKeys(home);
  if (keys === null || keys.current.kid !== kid) return null;
  rememberSecret(Buffer.from(keys.current.d, 'base64url'));
  const opened = await unseal(text, keys.current);
  if (keys.next === null) writeKeys(home, { ...keys, next: await makeHostKey(nextKeyCurve()) });
  return opened;
}

/**
 * Deletes the key that has opened a job, so that neither the host nor the command history can reveal the newest bundle
 * (forward secrecy). Call it when the result of the job is durable, and before the next job, in case the agent was killed
 * in between. `except` is the key of a job that this run may have to open again. Does nothing if no key has opened a job.
 */
export function retireOpenedKey(home: Home, except: string | null): void {
  const keys = readKeys(home);
  if (keys === null || keys.next === null || keys.current.kid === except) return;
  const retired = [keys.current.kid, ...keys.retired].slice(0, maximumRetired);
  writeKeys(home, { current: keys.next, next: null, retired });
}

/** Whether this host had the key and deleted it after a job. Otherwise the key belongs to another host or an earlier home. */
export function isRetired(home: Home, kid: string): boolean {
  return readKeys(home)?.retired.includes(kid) ?? false;
}

/**
 * The keys of this host. Keys that the crypto library refuses, e.g. since FIPS mode is enabled, are replaced and retired: the
 * sender repeats the job, and no operator has to accept the new key.
 */
async function usableKeys(home: Home): Promise<HostKeys | null> {
  const keys = readKeys(home);
  return keys === null || keysIn(keys).every(isUsable) ? keys : replaceKeys(home, keys);
}

async function replaceKeys(home: Home, stored: HostKeys | null): Promise<HostKeys> {
  const before = stored === null ? [] : [...keysIn(stored).map(({ kid }) => kid), ...stored.retired];
  const retired = before.slice(0, maximumRetired);
  const keys = { current: await makeHostKey(nextKeyCurve()), next: null, retired };
  writeKeys(home, keys);
  return keys;
}

const keysIn = ({ current, next }: HostKeys) => (next === null ? [current] : [current, next]);

function readKeys(home: Home): HostKeys | null {
  return readRecord(home.keys, HostKeys, 'remove it, and the host creates a new key');
}

function writeKeys(home: Home, keys: HostKeys): void {
  writeRecord(home, home.keys, JSON.stringify(keys));
}
