import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from './errors.ts';

/**
 * Replaces a file as a whole, so that another program never reads half of it. Throws UsageError if it cannot be written; the
 * earlier file then stays.
 */
export function writeOutput(file: string, text: string): void {
  // hidden, and without the name's ending, so that no program that collects files takes it
  const next = join(dirname(file), `.${basename(file)}-${randomUUID()}`);
  try {
    writeFileSync(next, text, { mode: 0o644, flag: 'wx' });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
