import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A temporary folder for one test file, removed after its tests. Its name is short: the agent redacts long paths with mixed case. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 't-'));
  afterAll(() => {
    unmountDisks();
    rmSync(folder, { recursive: true, force: true });
  });
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

const disks: string[] = [];

/** Unmounts all disks. A file with {@link scratchFolder} does not need to call it. */
export function unmountDisks(): void {
  for (const disk of disks.splice(0)) execFileSync('umount', ['--lazy', disk]);
}

/** Mounts a file system of a size such as `1m` on a new folder. Needs root. */
export function smallDisk(path: string, size: string): string {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=755,size=${size}`, 'tmpfs', path]);
  disks.push(path);
  return path;
}

/** Fills the disk of a folder with the file `filler`, and leaves about so many bytes. */
export function fillDisk(folder: string, bytesLeft: number): void {
  const { bfree, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'filler'), Buffer.alloc(Math.max(0, bfree * bsize - bytesLeft)));
}

/** A shell command that fills the disk of a folder completely, as another program may do at any time. */
export function fillCommand(folder: string): string {
  return `head -c 1000000000 /dev/zero > '${folder}/filler' 2>/dev/null`;
}
