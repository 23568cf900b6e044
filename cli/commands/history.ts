import type { Backend } from '../../services/backend/backend.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { historyLines } from '../render/history.ts';
import { timesOf } from '../render/times.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withBackend } from './open-backend.ts';

export interface HistoryOptions extends BackendOptions {
  readonly target?: string;
  readonly certificate?: string;
  readonly rollout?: string;
  readonly limit?: number;
  /** ISO 8601. */
  readonly since?: string;
  readonly utc?: boolean;
}

/** `certferry history`: recorded deployments, the latest first. */
export async function history(options: HistoryOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'history');
  const query = queryOf(options);
  const deployments = await withBackend(selection, (backend) => backend.history(query));
  if (options.json === true) terminal.out(JSON.stringify({ deployments }));
  else {
    const screen = { ...terminal, times: timesOf(options) };
    for (const line of historyLines(deployments, screen, filterWords(options))) terminal.out(line);
  }
  return 0;
}

/** A rollout is listed completely, so that missing targets can be found. */
const maximumOfRollout = 20_000;

function queryOf({
  target: targetId,
  certificate,
  rollout,
  limit,
  since,
}: HistoryOptions): Parameters<Backend['history']>[0] {
  const filters = [targetId, certificate, rollout].filter((one) => one !== undefined);
  if (filters.length > 1) {
    throw new UsageError('--target, --certificate and --rollout exclude each other. Use one of them.');
  }
  const most = limit ?? (rollout === undefined ? undefined : maximumOfRollout);
  return { targetId, certificate, rollout, since, ...(most !== undefined && { limit: most }) };
}

function filterWords(options: HistoryOptions): string {
  const { since } = options;
  const { minute, zone } = timesOf(options);
  return ofWhat(options) + (since === undefined ? '' : ` since ${minute(since)} (${zone})`);
}

function ofWhat({ target, certificate, rollout }: HistoryOptions): string {
  if (target !== undefined) return ` to ${target}`;
  if (certificate !== undefined) return ` of ${certificate}`;
  return rollout === undefined ? '' : ` of rollout ${rollout}`;
}
