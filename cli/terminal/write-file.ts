import { randomUUID } from 'node:crypto';
import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.ts';

/**
 * Replaces a file as a whole, so that another program never reads half of it. `mode` is set whatever the umask of the process is.
 * Writes to a device or a pipe, such as `/dev/stdout`, as it is. Throws UsageError if the file cannot be written; the earlier file
 * then stays.
 */
export function writeOutput(file: string, text: string, mode?: number): void {
  try {
    if (isReplaceable(file)) replace(file, text, mode);
    else writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** `/dev/stdout` may lead to a file: the link must stay. */
function isReplaceable(file: string): boolean {
  if (/^\/(dev|proc)\//.test(resolve(file))) return false;
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
}

function replace(file: string, text: string, mode: number | undefined): void {
  // hidden, and without the name's ending, so that no program that collects files takes it
  const next = join(dirname(file), `.${basename(file)}-${randomUUID()}`);
  try {
    writeFileSync(next, text, { flag: 'wx' });
    if (mode !== undefined) chmodSync(next, mode);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
