import { historyLines } from '../render/history.ts';
import type { Terminal } from '../terminal.ts';
import { type PlaceOptions, placeOf } from './place.ts';
import { withPlace } from './with-ferry.ts';

export interface HistoryOptions extends PlaceOptions {
  readonly target?: string;
}

/** `certferry history`: the deployments of a state folder or a stack, or of one target, the latest first. */
export async function history(options: HistoryOptions, { out, colours }: Terminal): Promise<number> {
  const place = placeOf(options, 'history');
  const deployments = await withPlace(place, (there) => there.history(options.target));
  if (options.json === true) out(JSON.stringify({ deployments }));
  else for (const line of historyLines(deployments, colours, options.target)) out(line);
  return 0;
}
