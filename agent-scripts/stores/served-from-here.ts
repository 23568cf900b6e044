import type { Baseline } from '../../core/deployment/baseline.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import type { VerifyPolicy } from '../../core/targets/verify.ts';

/**
 * Whether the endpoint of a target serves a version, probed from here within a short time. Null if unknown. Loads the probe code
 * only if there is an endpoint.
 */
export async function servedFromHere(
  verify: VerifyPolicy,
  version: VersionFacts | null,
): Promise<boolean | null> {
  if (verify === 'none' || version === null) return null;
  const { waitUntilServed } = await import('../host/wait-until-served.ts');
  return waitUntilServed(verify, version, new Set());
}

/** What the endpoint of a target serves to this host now, probed once within a short time. Null without an endpoint. */
export async function observeFromHere(verify: VerifyPolicy): Promise<Baseline | null> {
  if (verify === 'none') return null;
  const { observeBaseline } = await import('../../core/tls-probe/observe-baseline.ts');
  return observeBaseline(verify, 'host');
}
