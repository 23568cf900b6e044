import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A temporary folder for one test file, removed after its tests. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Identity {
  readonly ino: number;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: string;
}

/** The properties of a file that stay the same if it is not changed. */
export function identityOf(path: string): Identity {
  const { ino, mtimeMs, mode, uid, gid } = statSync(path);
  return { ino, mtimeMs, mode, uid, gid, bytes: readFileSync(path, 'utf8') };
}

/** Permission bits and owner as text, e.g. `0640 0:33`. */
export function ownershipOf(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;
}

/** Whether the key on disk matches the certificate. */
export function pairMatches(certPath: string, keyPath: string): boolean {
  return new X509Certificate(readFileSync(certPath)).checkPrivateKey(createPrivateKey(readFileSync(keyPath)));
}

/** Fingerprint (`sha256:…`) of the leaf in a file. */
export function fingerprintOfFile(path: string): string {
  const { fingerprint256 } = new X509Certificate(readFileSync(path));
  return `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`;
}

/** Every file below a folder, relative and sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
