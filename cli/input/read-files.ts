import { readFileSync } from 'node:fs';
import { UsageError } from '../terminal/errors.ts';

/** Bytes of a file a person named with an option. Throws UsageError when it cannot be read. */
export function readBytes(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${what} ${path}: ${systemReason(error)}`);
  }
}

/** Text of a file a person named. Throws UsageError when it cannot be read. */
export function readText(path: string, what: string): string {
  return readBytes(path, what).toString('utf8');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'it is no directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
};

/** What the system says of a path, in words. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
