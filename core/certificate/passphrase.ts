// What encrypted keys and PKCS#12 files have in common.
import { CertferryError } from '../errors.ts';
import { largestInteger, type Node } from './asn1.ts';
import type { Field } from './pem.ts';

/** Three times what is recommended for PBKDF2 today; more would keep a Lambda busy until it is stopped. */
export const maximumIterations = 2_000_000;

/** @throws CertferryError BundleUnreadable when opening would take longer than anybody wants to wait */
export function refuseCostlyDerivation(field: Field, parameters: Node): void {
  const iterations = largestInteger(parameters);
  if (iterations <= maximumIterations) return;
  const message = `The field "${field}" derives its key in ${iterations} iterations; at most ${maximumIterations} are taken. Export it again with fewer.`;
  throw new CertferryError('BundleUnreadable', message, { details: { field, iterations } });
}

/** For both a missing and a wrong passphrase; the passphrase is never part of it. */
export function wrongPassphrase(field: Field, what: string, given: string | undefined): CertferryError {
  const problem =
    given === undefined
      ? `is encrypted and no passphrase was given. Give the passphrase beside it.`
      : `does not open with the passphrase given. Check the passphrase (its first and last characters, a line end); if it is right, the file is damaged.`;
  return new CertferryError('WrongPassphrase', `The ${what} (field "${field}") ${problem}`, {
    details: { field, passphraseGiven: given !== undefined },
  });
}
