import { openFerry } from '../../local/ferry.ts';
import { historyLines } from '../render/history.ts';
import type { Terminal } from '../terminal.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';

export interface HistoryOptions extends LocalOptions {
  readonly target?: string;
}

/** `certferry history`: the deployments of this state folder, or of one target, the latest first. */
export async function history(options: HistoryOptions, { out, colours }: Terminal): Promise<number> {
  requireLocalMode(options, 'history');
  const ferry = await openFerry({ stateDir: options.state });
  try {
    const entries = await ferry.history(options.target);
    if (options.json === true) out(JSON.stringify({ deployments: entries }));
    else for (const line of historyLines(entries, colours)) out(line);
    return 0;
  } finally {
    await ferry.close();
  }
}
