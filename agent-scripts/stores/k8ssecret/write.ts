import { CertferryError } from '../../../core/errors.ts';
import type { SecretName } from './secret.ts';
import type { Written } from './secrets-api.ts';

/** Controllers write metadata in bursts of two or three. */
const maximumAttempts = 8;

/**
 * Repeats `attempt`, which reads the Secret, decides and writes, until no other writer was faster.
 * @throws CertferryError StoreConflict if other writers are faster again and again
 */
export async function writeUntilDecided(name: SecretName, attempt: () => Promise<Written>): Promise<void> {
  for (let count = 0; count < maximumAttempts; count += 1) {
    if ((await attempt()) === 'written') return;
  }
  throw conflict(name, 'other writers change it again and again');
}

/** Another writer changed the Secret. */
export function conflict({ namespace, name }: SecretName, why: string): CertferryError {
  return new CertferryError(
    'StoreConflict',
    `The Secret ${name} in the namespace ${namespace} cannot be changed: ${why}. Find the other writer (kubectl get secret ${name} --namespace ${namespace} --show-managed-fields -o yaml), then deploy again.`,
    { details: { namespace, secret: name } },
  );
}
