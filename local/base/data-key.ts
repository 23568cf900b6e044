import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createOnce } from './create-once.ts';

/**
 * The path of the key that encrypts kept copies, a JWK (services/previous-bundles/data-keys.ts). Creates the file if it does not
 * exist. Several processes at once agree on one key.
 */
export function openDataKey(path: string): string {
  if (!existsSync(path))
    createOnce(path, JSON.stringify({ kty: 'oct', k: randomBytes(32).toString('base64url') }));
  return path;
}
