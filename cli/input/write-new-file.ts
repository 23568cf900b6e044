import { writeFileSync } from 'node:fs';
import { UsageError } from '../terminal/errors.ts';
import { systemReason } from './read-files.ts';

/** Creates a file. Throws UsageError if it exists, also as a link, or cannot be written. */
export function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UsageError(
      exists
        ? `${path} exists already, and was not changed. Remove it, or name another file with --output FILE.`
        : `cannot write ${path}: ${systemReason(error)}`,
    );
  }
}
