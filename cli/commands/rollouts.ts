import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { rolloutListLines } from '../render/rollout-list.ts';
import { timesOf } from '../render/times.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withBackend } from './open-backend.ts';

export interface RolloutsOptions extends BackendOptions {
  readonly certificate?: string;
  readonly utc?: boolean;
}

/** `certferry rollouts`: all rollouts, or those of one certificate, the latest first. */
export async function rollouts(options: RolloutsOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'rollouts');
  const found = await withBackend(selection, (backend) => backend.rollouts(options.certificate));
  if (options.json === true) terminal.out(JSON.stringify({ rollouts: found }));
  else {
    const screen = { ...terminal, times: timesOf(options) };
    for (const line of rolloutListLines(found, screen, options.certificate)) terminal.out(line);
  }
  return 0;
}
