import type { VersionFacts } from '../../core/deployment/version.ts';
import { endpointParts } from '../../core/target/verify.ts';
import type { Change } from './change.ts';
import { type Workers, workersOn } from './listeners.ts';

/** Who accepts connections on the target's endpoint now: to be asked before a daemon is told to reload. */
export function workersBefore({ verify }: Pick<Change, 'verify'>): Workers {
  return verify === 'none' ? new Set() : workersOn(endpointParts(verify.endpoint).port);
}

/**
 * Whether the target's endpoint presents a version, waiting briefly for the daemon; null where nobody can say.
 * The sockets are loaded only when there is something to look at.
 */
export async function seenHere(
  { verify }: Pick<Change, 'verify'>,
  version: VersionFacts | null,
  before: Workers,
): Promise<boolean | null> {
  if (verify === 'none' || version === null) return null;
  const { waitForPickup } = await import('./pickup.ts');
  return waitForPickup(verify, version, before);
}
