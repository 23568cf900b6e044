import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { JobHeader, SealedBody } from '../../core/deployment/job.ts';
import { HostPrivateKey, makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { writeDurably } from './durable-files.ts';
import type { Home } from './home.ts';

/** The key that bundles are sealed to now, and the one whose public half has gone out with the last answer. */
const HostKeys = z.strictObject({ current: HostPrivateKey, next: z.nullable(HostPrivateKey) });
type HostKeys = z.infer<typeof HostKeys>;

/** The public key that the next bundle for this host should be sealed to. Makes the host's first key when it has none. */
export async function hostPublicKey(home: Home): Promise<HostKey> {
  const keys = readKeys(home) ?? { current: await makeHostKey(), next: null };
  if (!existsSync(home.keys)) writeKeys(home, keys);
  return publicHostKey(keys.next ?? keys.current);
}

/**
 * Opens a sealed job. Forward secrecy: opening makes the next key, whose public half goes out with the answer; a
 * bundle sealed to that next key destroys the one before, so what stays readable in command history can be opened by
 * nobody. A lost answer is harmless: until then both keys open.
 * Null when the job is sealed to a key this host does not have (any more).
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
