import { type Due, type Finding, findingOf, type Known, type Sight } from '../../core/rollout/drift.ts';
import { memberOf } from '../../core/target/registered.ts';
import type { AddressLook, look } from '../../core/tls-probe/look.ts';
import type { Installed } from '../services/installed.ts';
import type { SweptMember } from './members.ts';

/** What the registry says of a target and of its certificate. */
export interface Expected {
  readonly installed: Installed | null;
  readonly due: Due;
}

/** Looks at one target once, and says what is to be said of it. Never throws. */
export async function examine(
  swept: SweptMember,
  { installed, due }: Expected,
  by: { readonly look: typeof look; readonly now: Date },
): Promise<Finding> {
  const known = knownOf(installed);
  return findingOf(known, due, await sightOf(swept, known, by), by.now);
}

function knownOf(installed: Installed | null): Known | null {
  if (installed === null) return null;
  const { fingerprint, notAfter, version = null } = installed;
  // what is kept of another version than the one that is there says nothing
  return { fingerprint, notAfter, version: version?.fingerprint === fingerprint ? version : null };
}

async function sightOf(
  { registered, member }: SweptMember,
  known: Known | null,
  by: { readonly look: typeof look; readonly now: Date },
): Promise<Sight> {
  const target = memberOf(registered, member);
  if (target === null) return { notLooked: 'its host has no address that is known' };
  const { verify } = target;
  if (verify === 'none') return { notLooked: 'the target says verify: none' };
  if (verify.vantage === 'host') return { notLooked: 'only its host can look at it' };
  const { addresses, requireChain } = verify;
  const { endpoint, serverName, protocol, timeoutSeconds } = verify;
  const question = { endpoint, serverName, protocol, timeoutSeconds, version: known?.version };
  try {
    return { addresses, requireChain, looks: await by.look(question, by.now) };
  } catch (error) {
    return { addresses, requireChain, looks: [nothingSeen(endpoint, error)] };
  }
}

const nothingSeen = (address: string, error: unknown): AddressLook => ({
  address,
  problem: error instanceof Error ? error.message : String(error),
  presented: null,
});
