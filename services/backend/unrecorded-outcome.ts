import type { RecordedDeployment } from '../../core/deployment/deployment.ts';

/** The result of a deployment whose outcome no state recorded. Versions and fence are unknown. */
export function unrecordedDeployment(
  known: Pick<RecordedDeployment, 'deploymentId' | 'targetId' | 'outcome' | 'summary' | 'reason'>,
): RecordedDeployment {
  return {
    ...known,
    fingerprint: null,
    previousFingerprint: null,
    fence: null,
    warnings: [],
    repair: null,
  };
}
