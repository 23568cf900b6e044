import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** SHA-256 of bytes, in hex. */
export function digestOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of a file, in hex. Null if the file does not exist. */
export function digestOfFile(path: string): string | null {
  try {
    return digestOf(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
