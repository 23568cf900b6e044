import { createPrivateKey, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { fragmentBytes } from '../../core/redaction/fragment-index.ts';
import { createKeyDetector, type KeyDetector } from '../../core/redaction/key-detector.ts';
import { digestOf } from './digest.ts';
import { type FileUser, withFileUser } from './file-user.ts';

/** Larger files contain no key. */
const maximumFileBytes = 1024 * 1024;

/**
 * The private keys that this run handles: those of its job, those that it replaces or restores, and those in a daemon's
 * memory. They stay known until the process ends, because output of a later step may contain them too.
 */
const keys = new Map<string, KeyObject>();
const secrets = new Map<string, Buffer>();
/** The privileges with which a file is read, by its path: a target with `fileUser` may have planted links. */
const files = new Map<string, FileUser | null>();
let detector: KeyDetector | null = null;

/** Remembers the private keys in a text or file content. Content without a key, or with an encrypted one, adds nothing. */
export function rememberKeysIn(content: string | Buffer): void {
  const text = content.toString();
  const blocks = text.match(/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/g) ?? [];
  for (const block of blocks) {
    const digest = digestOf(block);
    const key = keys.has(digest) ? null : parseKey(block);
    if (key === null) continue;
    keys.set(digest, key);
    detector = null;
  }
}

/** Remembers bytes that are secret as a whole. */
export function rememberSecret(bytes: Buffer): void {
  secrets.set(bytes.toString('hex'), bytes);
  detector = null;
}

/** Credentials that are too short for the detector, which finds parts of eight bytes. */
const shortCredentials = new Set<string>();

/** Remembers a credential of a target. One of less than eight bytes is found only as a whole, and as it is. */
export function rememberCredential(value: string): void {
  const bytes = Buffer.from(value);
  if (bytes.length >= fragmentBytes) rememberSecret(bytes);
  else if (value !== '') shortCredentials.add(value);
}

/**
 * Remembers the private keys in files, now and whenever an output is judged: the files may change in between. `user` as in
 * {@link withFileUser}.
 */
export function rememberKeysInFiles(paths: readonly string[], user: FileUser | null): void {
  for (const path of paths) files.set(path, user);
  readFiles();
}

/** Whether an output contains part of a private key that this run handles, in any encoding. */
export function containsKnownKey(output: Buffer): boolean {
  readFiles();
  if ([...shortCredentials].some((value) => output.includes(value))) return true;
  if (keys.size === 0 && secrets.size === 0) return false;
  detector ??= createKeyDetector([...keys.values()], [...secrets.values()]);
  return detector(output);
}

function readFiles(): void {
  for (const [path, user] of files) rememberKeysIn(withFileUser(user, () => readIfFile(path)) ?? '');
}

/** Null if the path names no readable regular file. Does not wait for a writer if the file was replaced by a pipe. */
function readIfFile(path: string): Buffer | null {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const status = fstatSync(handle);
    return status.isFile() && status.size <= maximumFileBytes ? readFileSync(handle) : null;
  } finally {
    closeSync(handle);
  }
}

/** Null for an encrypted key, whose text is no secret, and for a damaged one. */
function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
