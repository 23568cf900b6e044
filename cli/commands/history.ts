import type { HistoryQuery } from '../../services/backend/backend.ts';
import { type PlaceOptions, placeOf } from '../options/backend-options.ts';
import { historyLines } from '../render/history.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withPlace } from './open-backend.ts';

export interface HistoryOptions extends PlaceOptions {
  readonly target?: string;
  readonly certificate?: string;
  readonly rollout?: string;
}

/** `certferry history`: the deployments of a state folder or a stack, or of one part of them, the latest first. */
export async function history(options: HistoryOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'history');
  const query = queryOf(options);
  const deployments = await withPlace(place, (there) => there.history(query));
  if (options.json === true) terminal.out(JSON.stringify({ deployments }));
  else for (const line of historyLines(deployments, terminal, partOf(options))) terminal.out(line);
  return 0;
}

/** A rollout's are listed whole: somebody wants to know who is missing. */
const mostOfRollout = 20_000;

function queryOf({ target: targetId, certificate, rollout }: HistoryOptions): HistoryQuery {
  const said = [targetId, certificate, rollout].filter((one) => one !== undefined);
  if (said.length > 1) throw new UsageError('--target, --certificate and --rollout exclude each other');
  return { targetId, certificate, rollout, ...(rollout !== undefined && { limit: mostOfRollout }) };
}

function partOf({ target, certificate, rollout }: HistoryOptions): string {
  if (target !== undefined) return ` to ${target}`;
  if (certificate !== undefined) return ` of ${certificate}`;
  return rollout === undefined ? '' : ` of rollout ${rollout}`;
}
