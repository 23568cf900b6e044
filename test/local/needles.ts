import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The key as it might lie about: body lines of its PEM, its bytes, and those in base64 and base64url. */
export function needlesOf(keyPem: string): Buffer[] {
  const lines = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const der = Buffer.from(lines.join(''), 'base64');
  // the part that no other key has
  const own = der.subarray(-60);
  return [
    own,
    Buffer.from(own.toString('base64url').slice(4, -4)),
    ...lines.map((line) => Buffer.from(line)),
  ].filter((needle) => needle.length > 20);
}

/** Every file, however deep. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
