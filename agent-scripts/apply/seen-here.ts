import type { VersionFacts } from '../../core/deployment/version.ts';
import type { Change } from './change.ts';

/**
 * Whether the target's endpoint presents a version, waiting briefly for the daemon; null where nobody can say.
 * The sockets are loaded only when there is something to look at.
 */
export async function seenHere(change: Change, version: VersionFacts | null): Promise<boolean | null> {
  if (change.verify === 'none' || version === null) return null;
  const { waitForPickup } = await import('./pickup.ts');
  return waitForPickup(change.verify, version);
}
