import type { Observation } from '../../core/deployment/agent-line.ts';
import type { ProbeResult } from '../../core/deployment/deployment.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import type { ErrorName } from '../../core/errors.ts';

/** The address that answers is more informative than the one that does not, so the first reason that applies counts. */
interface ProbeReason {
  readonly reason: ErrorName;
  readonly appliesTo: (wrong: Observation, expected: string | null) => boolean;
}

const probeReasons: readonly ProbeReason[] = [
  {
    reason: 'LeafNotServed',
    appliesTo: ({ fingerprint }, expected) => fingerprint !== null && fingerprint !== expected,
  },
  { reason: 'EndpointUnreachable', appliesTo: ({ fingerprint }) => fingerprint === null },
  { reason: 'ServedUnfit', appliesTo: ({ fingerprint }, expected) => fingerprint === expected },
];

/**
 * The reason of a failed verification, from what the addresses served: an endpoint that does not answer needs another next step
 * than one that serves another leaf. `ProbeFailed` without observations, and null if no probe has returned. `version` is the
 * expected one.
 */
export function probeReason(probe: ProbeResult | null, version: VersionFacts | null): ErrorName | null {
  if (probe === null || probe.attempt === 0) return null;
  const wrong = probe.observations.filter(({ ok }) => !ok);
  const expected = version?.fingerprint ?? null;
  const found = probeReasons.find(({ appliesTo }) => wrong.some((one) => appliesTo(one, expected)));
  return found?.reason ?? 'ProbeFailed';
}
