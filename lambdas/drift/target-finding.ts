import {
  classify,
  type EndpointInspection,
  type ExpectedVersions,
  type Finding,
} from '../../core/drift/finding.ts';
import { isUnavailable, toProbeError } from '../../core/probe-failure.ts';
import { memberOf } from '../../core/targets/registered.ts';
import type { Verify } from '../../core/targets/verify.ts';
import type { AddressInspection, inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import { installedFacts, knownVersion } from '../../services/status/known-version.ts';
import type { ResolvedTarget } from '../../services/status/resolve-targets.ts';

export type ProbeFrom = Verify['probeFrom'];

/** From where a target is probed, or why it is not. */
export type ProbePlan =
  | { readonly from: 'nowhere'; readonly reason: string }
  | { readonly from: 'here' | 'host'; readonly verify: Verify };

/** Decides from where to probe a target. `probeFrom`: where this code runs; on the host itself no command is needed. */
export function probePlanFor({ registered, member }: ResolvedTarget, probeFrom: ProbeFrom): ProbePlan {
  const target = memberOf(registered, member);
  if (target === null) return { from: 'nowhere', reason: 'the address of the host is unknown' };
  const { verify } = target;
  if (verify === 'none') return { from: 'nowhere', reason: 'the target has verify: none' };
  return { from: verify.probeFrom === 'host' && probeFrom === 'lambda' ? 'host' : 'here', verify };
}

/** Probes one target once. Never throws. */
export async function probeFromHere(
  { endpoint, serverName, protocol, timeoutSeconds, addresses, requireChain }: Verify,
  installed: InstalledVersion | null,
  by: { readonly inspectEndpoint: typeof inspectEndpoint; readonly now: Date },
): Promise<EndpointInspection> {
  const request = { endpoint, serverName, protocol, timeoutSeconds, version: installedFacts(installed) };
  try {
    return { addresses, requireChain, inspections: await by.inspectEndpoint(request, by.now) };
  } catch (error) {
    return { addresses, requireChain, inspections: [failedProbe(endpoint, error)] };
  }
}

function failedProbe(address: string, error: unknown): AddressInspection {
  const failure = toProbeError(error);
  const inspection = { address, problem: failure.message, served: null };
  return isUnavailable(failure) ? { ...inspection, unavailable: true } : inspection;
}

/** The finding for a target. `installed` and `due` are what the registry had before the probe. */
export function targetFinding(
  { installed, due }: { readonly installed: InstalledVersion | null; readonly due: ExpectedVersions },
  probe: EndpointInspection,
  now: Date,
): Finding {
  return classify(knownVersion(installed), due, probe, now);
}
