import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { JobHeader, SealedBody } from '../../core/deployment/job.ts';
import { HostPrivateKey, makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { writeDurably } from './durable-files.ts';
import type { Home } from './home.ts';

/** `current` is the key that bundles are sealed to. `next` is the key whose public half the last reply contained. */
const HostKeys = z.strictObject({ current: HostPrivateKey, next: z.nullable(HostPrivateKey) });
type HostKeys = z.infer<typeof HostKeys>;

/** The public key for the next bundle to this host. Creates the host's first key if it has none. */
export async function hostPublicKey(home: Home): Promise<HostKey> {
  const keys = readKeys(home) ?? { current: await makeHostKey(), next: null };
  if (!existsSync(home.keys)) writeKeys(home, keys);
  return publicHostKey(keys.next ?? keys.current);
}

/**
 * Opens a sealed job and rotates the host key. Each reply contains the public half of the next key. The first bundle
 * sealed to the next key destroys the current one, so nobody can later decrypt what remains in the command history
 * (forward secrecy). If a reply is lost, both keys still work.
 * Null if the job is sealed to a key that this host does not have.
 * @throws CertferryError SealBroken
 */
export async function openSealed(
  home: Home,
  kid: string,
  text: string,
): Promise<{ header: JobHeader; body: SealedBody } | null> {
  const keys = readKeys(home);
  const key = [keys?.current, keys?.next].find((candidate) => candidate?.kid === kid);
  if (!keys || !key) return null;
  const opened = await unseal(text, key);
  const isNext = key.kid === keys.next?.kid;
  if (isNext || keys.next === null) writeKeys(home, { current: key, next: await makeHostKey() });
  return opened;
}

function readKeys(home: Home): HostKeys | null {
  return existsSync(home.keys) ? HostKeys.parse(JSON.parse(readFileSync(home.keys, 'utf8'))) : null;
}

function writeKeys(home: Home, keys: HostKeys): void {
  writeDurably(home.keys, JSON.stringify(keys));
}
