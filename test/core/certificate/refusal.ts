import { type BundleInput, type ReadBundle, readBundle } from '../../../core/certificate/read-bundle.ts';
import { type CertferryError, isCertferryError } from '../../../core/errors.ts';

/** Reads a bundle as of now. */
export function read(input: BundleInput): ReadBundle {
  return readBundle(input, new Date());
}

/** The error with which a call is refused; fails when it succeeds or throws anything else. */
export function refusal(call: () => unknown): CertferryError {
  try {
    call();
  } catch (error) {
    if (isCertferryError(error)) return error as CertferryError;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Everything of an error that could reach a log. */
export function everythingSaid(error: CertferryError): string {
  return [error.message, error.stack, JSON.stringify(error.details), String(error.cause)].join('\n');
}
