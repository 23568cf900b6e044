import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { requireTrustedPath, trustedUids } from '../../core/paths/path-reader.ts';

/** As in Secrets Manager. Bytes. */
const maximumBytes = 65_536;

/**
 * The text of a credential file, without the line break at its end that editors add.
 * @throws Error with the reason if the file cannot be read, another user can read it, or it is too large. UntrustedPath if
 * another user can change it
 */
export function readCredentialFile(path: string): string {
  requireTrustedPath('the credential file', path);
  const file = openSync(path, 'r');
  try {
    const { mode, size, uid } = fstatSync(file);
    if (!trustedUids().includes(uid) || (mode & 0o077) !== 0)
      throw new Error(`other users can read ${path}; run: chmod 600 '${path}'`);
    if (size > maximumBytes) throw new Error(`${path} has more than ${maximumBytes} bytes`);
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } finally {
    closeSync(file);
  }
}
