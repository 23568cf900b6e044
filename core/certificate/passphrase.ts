// Shared by encrypted keys and PKCS#12 files.
import { CertferryError } from '../errors.ts';
import type { Field } from './pem.ts';

/** The error for a missing or wrong passphrase; it never contains the passphrase. */
export function wrongPassphrase(field: Field, what: string, given: string | undefined): CertferryError {
  const problem =
    given === undefined
      ? 'is encrypted, but there is no passphrase. Provide the passphrase.'
      : 'does not open with the passphrase. Check its first and last characters and line end; if it is right, the file is damaged.';
  return new CertferryError('WrongPassphrase', `The ${what} (field "${field}") ${problem}`, {
    details: { field, passphraseGiven: given !== undefined },
  });
}
