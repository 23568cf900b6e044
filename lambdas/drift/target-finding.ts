import { type Due, type Finding, findingOf, type Known, type Sight } from '../../core/drift/drift.ts';
import { memberOf } from '../../core/targets/registered.ts';
import type { Verify } from '../../core/targets/verify.ts';
import type { AddressInspection, look } from '../../core/tls-probe/inspect-endpoint.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import type { ResolvedTarget } from './resolve-swept-targets.ts';

export type ProbeFrom = Verify['probeFrom'];

/** From where a target is looked at, or why it is not. */
export type Outlook =
  | { readonly from: 'nowhere'; readonly why: string }
  | { readonly from: 'here' | 'host'; readonly verify: Verify };

/** Who may look at a target. What only its host can look at is looked at from here where this is the host. */
export function outlookOf({ registered, member }: ResolvedTarget, probeFrom: ProbeFrom): Outlook {
  const target = memberOf(registered, member);
  if (target === null) return { from: 'nowhere', why: 'its host has no address that is known' };
  const { verify } = target;
  if (verify === 'none') return { from: 'nowhere', why: 'the target says verify: none' };
  return { from: verify.probeFrom === 'host' && probeFrom === 'lambda' ? 'host' : 'here', verify };
}

/** Looks at one target once. Never throws. */
export async function sightFromHere(
  { endpoint, serverName, protocol, timeoutSeconds, addresses, requireChain }: Verify,
  installed: InstalledVersion | null,
  by: { readonly look: typeof look; readonly now: Date },
): Promise<Sight> {
  const question = { endpoint, serverName, protocol, timeoutSeconds, version: versionOf(installed) };
  try {
    return { addresses, requireChain, looks: await by.look(question, by.now) };
  } catch (error) {
    return { addresses, requireChain, looks: [nothingSeen(endpoint, error)] };
  }
}

const nothingSeen = (address: string, error: unknown): AddressInspection => ({
  address,
  problem: error instanceof Error ? error.message : String(error),
  served: null,
});

/** Says what is to be said of a target, from what the registry knew before it was looked at. */
export function examined(
  { installed, due }: { readonly installed: InstalledVersion | null; readonly due: Due },
  sight: Sight,
  now: Date,
): Finding {
  return findingOf(knownOf(installed), due, sight, now);
}

function knownOf(installed: InstalledVersion | null): Known | null {
  if (installed === null) return null;
  const { fingerprint, notAfter } = installed;
  return { fingerprint, notAfter, version: versionOf(installed) };
}

/** What is kept of another version than the one that is there says nothing. */
export function versionOf(installed: InstalledVersion | null) {
  const version = installed?.version ?? null;
  return version?.fingerprint === installed?.fingerprint ? version : null;
}
