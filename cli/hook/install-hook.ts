import { randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { systemReason } from '../input/read-files.ts';
import { UsageError } from '../terminal/errors.ts';
import { type HookFile, type HookTool, markOf } from './hook-files.ts';

/** What happened, or would happen, to a file. */
export interface FileChange {
  readonly path: string;
  readonly what: 'written' | 'unchanged' | 'removed' | 'absent';
}

interface Run {
  readonly dryRun: boolean;
}

/**
 * Writes the files of a hook. A file with the same text stays as it is. Throws UsageError, before anything is written, if another
 * program wrote one of the files or its folder is missing, and UntrustedPath if another user can change the folder.
 */
export function installHook(tool: HookTool, files: readonly HookFile[], { dryRun }: Run): FileChange[] {
  const planned = files.map((file) => {
    requireFolder(tool, dirname(file.path));
    const found = existing(tool, file.path);
    const isSame = found === file.text && (statSync(file.path).mode & 0o777) === file.mode;
    return { file, what: isSame ? ('unchanged' as const) : ('written' as const) };
  });
  return planned.map(({ file, what }) => {
    if (what === 'written' && !dryRun) write(file);
    return { path: file.path, what };
  });
}

/** Removes the files that `installHook` wrote. Throws UsageError, before anything is removed, if another program wrote one of them. */
export function removeHook(tool: HookTool, files: readonly HookFile[], { dryRun }: Run): FileChange[] {
  const planned = files.map(({ path }) => ({ path, found: existing(tool, path) !== null }));
  return planned.map(({ path, found }) => {
    if (found && !dryRun) rmSync(path);
    return { path, what: found ? ('removed' as const) : ('absent' as const) };
  });
}

/** The text of a file that certferry wrote; null if there is none. */
function existing(tool: HookTool, path: string): string | null {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const text = lstatSync(path).isFile() ? readFileSync(path, 'utf8') : '';
  if (text.includes(markOf(tool))) return text;
  throw new UsageError(
    `${path} exists and was not written by certferry. Move it away, or name another folder with --folder.`,
  );
}

/** The tool runs the file as its user, so no other user may change the folder. */
function requireFolder(tool: HookTool, folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(
      `the folder ${folder} does not exist. Check that ${tool} is installed, or name its folder with --folder DIR.`,
    );
  }
  requireTrustedPath('the folder of the hook', folder);
}

/** Complete and with its mode at the first moment at which the tool can see it. */
function write({ path, text, mode }: HookFile): void {
  const next = join(dirname(path), `.${basename(path)}-${randomUUID()}~`);
  try {
    writeFileSync(next, text, { mode: 0o600, flag: 'wx' });
    chmodSync(next, mode);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw new UsageError(`cannot write ${path}: ${systemReason(error)}`);
  }
}
