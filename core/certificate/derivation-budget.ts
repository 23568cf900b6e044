// Derivations of keys from passphrases are slow on purpose, and the file itself names their cost.
import { CertferryError } from '../errors.ts';
import { asSubject, type Origin } from './origin.ts';

/**
 * The maximum of one bundle: integrity check, encrypted parts and keys together. It is what OpenSSL needs for a file of
 * 1,000,000 iterations. `npm run bench` measures the CPU seconds of a bundle at this limit, and compares them with half of
 * the timeout of PushBundle at the CPU share of its function.
 */
export const maximumIterations = 5_000_000;

/** The iterations that are left for one bundle. */
export interface DerivationBudget {
  /**
   * Takes the iterations of derivations before the first of them runs. `later`: iterations that the same file will need
   * afterwards, which are checked and not taken.
   * @throws CertferryError BundleUnreadable if the bundle exceeds the budget
   */
  spend(origin: Origin, iterations: number, later?: number): void;
}

export function openBudget(): DerivationBudget {
  let spent = 0;
  return {
    spend(origin, iterations, later = 0) {
      spent += iterations;
      if (spent + later > maximumIterations) throw tooCostly(origin, spent + later);
    },
  };
}

/** Commands that write the same content with the default of OpenSSL, 2048 iterations. */
const exportAgain = {
  pkcs12: '"openssl pkcs12 -in FILE -out PEM", then "openssl pkcs12 -export -iter 2048 -in PEM -out NEW"',
  pem: '"openssl pkcs8 -topk8 -iter 2048 -in FILE -out NEW"',
} as const;

function tooCostly(origin: Origin, iterations: number): CertferryError {
  const { field } = origin;
  const command = exportAgain[field === 'pkcs12' ? 'pkcs12' : 'pem'];
  const message = `${asSubject(origin)} derives its keys in ${iterations} iterations; at most ${maximumIterations} are allowed for a bundle. Export it again with fewer: ${command}.`;
  return new CertferryError('BundleUnreadable', message, { details: { field, iterations } });
}
