import { CertferryError, isCertferryError } from '../errors.ts';

/** The keystore in messages and details. */
export interface KeystoreSubject {
  readonly path: string;
  readonly alias: string;
}

/** A store that cannot be used as it is. `why` continues "the keystore PATH". */
export function unfit({ path, alias }: KeystoreSubject, why: string): CertferryError {
  return new CertferryError('PlanInvalid', `the keystore ${path} ${why}; nothing was changed`, {
    details: { path, alias },
  });
}

/** `what`: the credential's field in the configuration. */
export function refusedPassword({ path, alias }: KeystoreSubject, what: string, why: string): CertferryError {
  return new CertferryError(
    'CredentialRefused',
    `${what} does not open the keystore ${path}: ${why}; nothing was changed`,
    { details: { path, alias } },
  );
}

/** Turns a plain Error of a reader into the refusal of a damaged store. */
export function orDamaged<Result>(subject: KeystoreSubject, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (isCertferryError(error)) throw error;
    const reason = String(error).replace(/^[A-Za-z]*Error: |\.$/g, '');
    throw unfit(subject, `cannot be read (${reason}). Check it with "keytool -list -keystore FILE"`);
  }
}
