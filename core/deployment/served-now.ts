import type { RecordedDeployment } from './deployment.ts';
import type { DeploymentOutcome } from './outcome.ts';

/** The versions of a deployment, as texts. */
interface Versions {
  readonly requested: string;
  readonly previous: string;
}

const nothingChanged = 'as before: the deployment changed nothing';

const servedAfter: Readonly<Record<DeploymentOutcome, (versions: Versions) => string>> = {
  deployed: ({ requested }) => `${requested}, verified`,
  deployed_unverified: ({ requested }) => `${requested}, not verified`,
  deployed_unprobed: ({ requested }) => `unknown: ${requested} is installed, but could not be probed`,
  unchanged: ({ requested }) => `${requested}, as before`,
  validated: () => nothingChanged,
  validate_unsupported: () => nothingChanged,
  superseded: () => 'the version of the later deployment',
  skipped: () => nothingChanged,
  gone: () => 'nothing: the host no longer belongs to the target',
  rejected: () => nothingChanged,
  validate_failed: () => nothingChanged,
  reload_failed: ({ previous }) => `as before: ${previous} is restored`,
  rolled_back: ({ previous }) => `as before: ${previous} is restored`,
  rolled_back_unverified: ({ previous }) =>
    `unknown: ${previous} is restored, but the endpoint does not verifiably serve it`,
  rollback_failed: ({ previous }) => `unknown, possibly a wrong certificate: ${previous} is not confirmed`,
  lost: ({ requested, previous }) => `unknown: ${requested} or ${previous}`,
  lock_unavailable: () => 'the result of the other deployment: this one changed nothing',
};

/**
 * What the host serves after a deployment, for the end of a report. `shown` renders a fingerprint.
 */
export function servedNow(
  {
    outcome,
    fingerprint,
    previousFingerprint,
  }: Pick<RecordedDeployment, 'outcome' | 'fingerprint' | 'previousFingerprint'>,
  shown: (fingerprint: string) => string,
): string {
  const named = (name: string, value: string | null) => (value === null ? name : `${name} ${shown(value)}`);
  return servedAfter[outcome]({
    requested: named('the requested version', fingerprint),
    previous: named('the previous version', previousFingerprint),
  });
}
