// Shared by encrypted keys and PKCS#12 files.
import { CertferryError } from '../errors.ts';
import { largestInteger, type Node } from './asn1.ts';
import type { Field } from './pem.ts';

/** Three times the current recommendation for PBKDF2; more would run a Lambda into its timeout. */
export const maximumIterations = 2_000_000;

/** @throws CertferryError BundleUnreadable if the key derivation has too many iterations */
export function refuseCostlyDerivation(field: Field, parameters: Node): void {
  const iterations = largestInteger(parameters);
  if (iterations <= maximumIterations) return;
  const message = `The field "${field}" derives its key in ${iterations} iterations; at most ${maximumIterations} are allowed. Export it again with fewer.`;
  throw new CertferryError('BundleUnreadable', message, { details: { field, iterations } });
}

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
