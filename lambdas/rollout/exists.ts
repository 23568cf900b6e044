import { CertferryError } from '../../core/errors.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';

/** A version that another rollout carries, or has carried, while nobody asked for it again. */
export function rolloutExists(
  by: string,
  { certificate, version }: Pick<Rollout, 'certificate' | 'version'>,
): CertferryError {
  return new CertferryError(
    'RolloutExists',
    `rollout ${by} carries ${version.fingerprint} of ${certificate} already; say repeat to roll it out again`,
    { details: { by } },
  );
}

/** The version that such an error is about: of what was thrown, Step Functions hands on only the name and these words. */
export function carriedAlready({ name, message }: { name: string; message: string }): string | null {
  if (name !== 'RolloutExists') return null;
  return / carries (sha256:[0-9a-f]{64}) of /.exec(message)?.[1] ?? null;
}
