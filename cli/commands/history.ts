import { historyLines } from '../render/history.ts';
import type { Terminal } from '../terminal.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';
import { withFerry } from './with-ferry.ts';

export interface HistoryOptions extends LocalOptions {
  readonly target?: string;
}

/** `certferry history`: the deployments of this state folder, or of one target, the latest first. */
export async function history(options: HistoryOptions, { out, colours }: Terminal): Promise<number> {
  requireLocalMode(options, 'history');
  const deployments = await withFerry(options.state, (ferry) => ferry.history(options.target));
  if (options.json === true) out(JSON.stringify({ deployments }));
  else for (const line of historyLines(deployments, colours)) out(line);
  return 0;
}
