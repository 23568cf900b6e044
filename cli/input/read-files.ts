import { readFileSync } from 'node:fs';
import { UsageError } from '../terminal/errors.ts';

/** The bytes of a file that an option names. Throws UsageError if it cannot be read. */
export function readBytes(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${what} ${path}: ${systemReason(error)}`);
  }
}

/** The text of a file that an option names. Throws UsageError if it cannot be read. */
export function readText(path: string, what: string): string {
  return readBytes(path, what).toString('utf8');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'it is not a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
};

/** A readable reason for a file system error. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
