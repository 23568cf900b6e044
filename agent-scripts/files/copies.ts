import { basename } from 'node:path';
import type { Change } from '../change/change.ts';
import { privateFolder, removeIfExists, syncDirectory } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { copyDurably } from './copy-file.ts';

type Copied = Pick<Change, 'deploymentId' | 'targetId' | 'files'>;

/** The path of the copy of one installed file. */
export function copyOf(home: Home, { deploymentId, targetId, files }: Copied, index: number): string {
  const name = basename(files[index]?.path ?? '');
  return `${home.target(targetId).copies(deploymentId)}/${index}-${name}`;
}

/**
 * Copies the staged files into the home, if the change requires it. A hard link does not suffice: a program that writes
 * certificates may overwrite the file instead of replacing it.
 */
export function copyStaged(home: Home, change: Change): void {
  if (change.copies !== true) return;
  const folder = privateFolder(home.target(change.targetId).copies(change.deploymentId));
  for (const [index, file] of change.files.entries()) {
    if (file.role === 'trigger') continue;
    const staged = { path: file.staged, user: change.fileUser ?? null };
    copyDurably(staged, { path: copyOf(home, change, index), user: null }, file.metadata);
  }
  syncDirectory(folder);
}

/** Removes the copies of a change. */
export function removeCopies(home: Home, { deploymentId, targetId }: Omit<Copied, 'files'>): void {
  removeIfExists(home.target(targetId).copies(deploymentId));
}
