import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ownershipOf } from '../agent-scripts/disk.ts';
import { strayFiles } from './hosted-site.ts';

/** A host and the live files of its target, in one folder. */
export interface HostFiles {
  readonly folder: string;
  readonly host: { readonly home: string };
  readonly site: { readonly liveFiles: readonly string[] };
}

/** A copy of all files of certferry on a host: the agent's home, the live files and the staged files beside them. */
export interface SavedHost {
  /** Restores the files, with owner, mode, times and the links between them. The daemon may run. */
  restore(): void;
}

/** Copies the files of certferry on a host, so that many kills can start from exactly the same files. */
export function saveHost({ folder, site, host }: HostFiles): SavedHost {
  const paths = [host.home, ...strayFiles(site), ...site.liveFiles].map((path) => relative(folder, path));
  const saved = mkdtempSync(`${folder}.saved-`);
  const copy = join(saved, 'copy');
  const original = join(saved, 'original');
  mkdirSync(original);
  // one command for all paths: a backup and a live file may be links to the same file
  execFileSync('cp', ['-a', '--parents', ...paths, original], { cwd: folder });
  return {
    restore() {
      execFileSync('cp', ['-a', original, copy]);
      rmSync(host.home, { recursive: true });
      for (const stray of strayFiles(site)) rmSync(stray);
      for (const path of paths) renameSync(join(copy, path), join(folder, path));
      rmSync(copy, { recursive: true });
    },
  };
}

/** A value that differs in every run: an id, a key, an inode, a fence or a time. A digest, which comes first, does not. */
const perRun =
  /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|certferry-[0-9a-f]{12}|(?:inode |fence":)\d+|[\w-]{22,}|\d{10,}/g;

/**
 * All files of certferry on a host as text: path, owner, mode, content and links. Each id, key, inode and fence is replaced
 * by the number of its first appearance and each time by `T`, so two runs that leave the same files have the same text.
 */
export function stateOfHost({ site, host }: HostFiles): string {
  const inHome = readdirSync(host.home, { recursive: true, encoding: 'utf8' });
  const paths = [...inHome.map((name) => join(host.home, name)), ...site.liveFiles, ...strayFiles(site)];
  const files = paths.map((path) => {
    const text = textOf(path);
    return { text, order: text.replace(perRun, keptDigest) };
  });
  files.sort((one, other) => (one.order < other.order ? -1 : 1));
  return numbered(files.map(({ text }) => text).join('\n'));
}

function textOf(path: string): string {
  return `${path} ${ownershipOf(path)} inode ${lstatSync(path).ino}: ${contentOf(path)}`;
}

function contentOf(path: string): string {
  if (lstatSync(path).isDirectory()) return 'folder';
  const bytes = readFileSync(path);
  if (path.endsWith('.json') || path.endsWith('.json.next')) return bytes.toString();
  if (/\/fence(\.next)?$/.test(path)) return `fence":${bytes.toString()}`;
  if (/\/reserve(\.next)?$/.test(path)) return `${bytes.length} bytes`;
  return createHash('sha256').update(bytes).digest('hex');
}

function numbered(text: string): string {
  const numbers = new Map<string, number>();
  return text.replace(perRun, (value) => {
    if (isDigest(value)) return value;
    if (/^\d+$/.test(value)) return 'T';
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return `#${numbers.get(value)}`;
  });
}

function keptDigest(value: string): string {
  return isDigest(value) ? value : '#';
}

function isDigest(value: string): boolean {
  return /^[0-9a-f]{64}$/.test(value);
}
