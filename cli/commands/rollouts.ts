import { rolloutListLines } from '../render/rollout-list.ts';
import type { Terminal } from '../terminal.ts';
import { type PlaceOptions, placeOf } from './place.ts';
import { withPlace } from './with-ferry.ts';

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
