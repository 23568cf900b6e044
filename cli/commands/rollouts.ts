import { type PlaceOptions, placeOf } from '../options/backend-options.ts';
import { rolloutListLines } from '../render/rollout-list.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withPlace } from './open-backend.ts';

export interface RolloutsOptions extends PlaceOptions {
  readonly certificate?: string;
}

/** `certferry rollouts`: those there are, or one certificate's, the latest first. */
export async function rollouts(options: RolloutsOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'rollouts');
  const found = await withPlace(place, (there) => there.rollouts(options.certificate));
  if (options.json === true) terminal.out(JSON.stringify({ rollouts: found }));
  else for (const line of rolloutListLines(found, terminal, options.certificate)) terminal.out(line);
  return 0;
}
