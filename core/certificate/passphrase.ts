// Shared by encrypted keys and PKCS#12 files.
import { CertferryError } from '../errors.ts';
import type { Origin } from './origin.ts';

/** The error for a missing or wrong passphrase; it never contains the passphrase. */
export function wrongPassphrase(origin: Origin, what: string, given: string | undefined): CertferryError {
  const problem =
    given === undefined
      ? 'is encrypted, but there is no passphrase. Provide the passphrase.'
      : 'does not open with the passphrase. Check its first and last characters and line end; if it is right, the file is damaged.';
  return new CertferryError('WrongPassphrase', `The ${what} (${origin.name}) ${problem}`, {
    details: { field: origin.field, passphraseGiven: given !== undefined },
  });
}
