import { endpointParts } from '../../core/targets/verify.ts';
import { programsSharingPort } from '../host/listening-processes.ts';
import type { Change } from './change.ts';

/** Programs that a warning names. */
const maximumPrograms = 5;

/** A warning if several programs of this host accept connections on the port of the target's endpoint; else empty. */
export function sharedPortWarnings(verify: Change['verify']): string[] {
  if (verify === 'none') return [];
  const { port } = endpointParts(verify.endpoint);
  const programs = programsSharingPort(port);
  if (programs.length === 0) return [];
  const named = programs.slice(0, maximumPrograms).map(({ pid, program }) => `${program} (process ${pid})`);
  const more = programs.length - named.length;
  return [
    `several programs accept connections on port ${port}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}. The kernel distributes new connections among them; stop those that do not belong to this target.`,
  ];
}
