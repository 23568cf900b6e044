// Not simulated: Secrets Manager, Parameter Store and files. The values are those of the test.
import type { CredentialValues } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import { credentialsOf } from '../../core/targets/kinds/kinds.ts';
import type { Credentials } from '../../services/credentials/credentials.ts';

export interface FakeCredentials extends Credentials {
  /** The values by field; a target gets those of its fields. */
  values: CredentialValues;
  /** Refuses the next read. */
  failNext(): void;
}

export function fakeCredentials(): FakeCredentials {
  let fails = false;
  const fake: FakeCredentials = {
    values: { token: 'token-SECRET' },
    failNext: () => {
      fails = true;
    },
    async read({ kind, config }) {
      if (fails) {
        fails = false;
        throw new CertferryError('CredentialUnavailable', 'The credential config.token could not be read.');
      }
      const fields = Object.keys(credentialsOf(kind, config));
      return Object.fromEntries(fields.map((field) => [field, fake.values[field] ?? '']));
    },
  };
  return fake;
}
