import type { Baseline } from '../../core/deployment/baseline.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { endpointParts } from '../../core/targets/verify.ts';
import { keepsProcesses } from '../activations/activation.ts';
import type { Change } from '../change/change.ts';
import { type Workers, workersOn } from '../host/worker-processes.ts';

/** The workers on the target's endpoint that the activation will replace. Call it before the activation. */
export function workersToReplace({ verify, activate }: Pick<Change, 'verify' | 'activate'>): Workers {
  if (verify === 'none' || activate === null || keepsProcesses(activate)) return new Set();
  return workersOn(endpointParts(verify.endpoint).port);
}

/**
 * Whether the target's endpoint serves a version, probed from this host within a short time. Null if unknown. Loads the
 * probe code only if there is an endpoint.
 */
export async function servedLocally(
  { verify }: Pick<Change, 'verify'>,
  version: VersionFacts | null,
  oldWorkers: Workers,
): Promise<boolean | null> {
  if (verify === 'none' || version === null) return null;
  const { waitUntilServed } = await import('../host/wait-until-served.ts');
  return waitUntilServed(verify, version, oldWorkers);
}

/** What the target's endpoint serves to this host now, probed once within a short time. Null without an endpoint. */
export async function observeEndpoint({ verify }: Pick<Change, 'verify'>): Promise<Baseline | null> {
  if (verify === 'none') return null;
  const { observeBaseline } = await import('../../core/tls-probe/observe-baseline.ts');
  return observeBaseline(verify, 'host');
}
