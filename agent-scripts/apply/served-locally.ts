import type { VersionFacts } from '../../core/deployment/version.ts';
import { endpointParts } from '../../core/targets/verify.ts';
import { keepsProcesses } from '../activations/activation.ts';
import type { Change } from '../change/change.ts';
import { type Workers, workersOn } from '../host/worker-processes.ts';

/** Who accepts connections on the target's endpoint now and will be replaced: to be asked before a daemon is told. */
export function workersToReplace({ verify, activate }: Pick<Change, 'verify' | 'activate'>): Workers {
  if (verify === 'none' || activate === null || keepsProcesses(activate)) return new Set();
  return workersOn(endpointParts(verify.endpoint).port);
}

/**
 * Whether the target's endpoint serves a version, waiting briefly for the daemon; null where nobody can say.
 * The sockets are loaded only when there is something to look at.
 */
export async function servedLocally(
  { verify }: Pick<Change, 'verify'>,
  version: VersionFacts | null,
  before: Workers,
): Promise<boolean | null> {
  if (verify === 'none' || version === null) return null;
  const { waitUntilServed } = await import('./wait-until-served.ts');
  return waitUntilServed(verify, version, before);
}
