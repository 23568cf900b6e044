import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Target } from '../../core/targets/target.ts';

/** The name that every version for a single server is for. */
export const serverName = 'api.example.com';

/** A server for the demo to deploy to, with the paths it reads. */
export interface Stage {
  /** What it is, for people. */
  readonly what: string;
  readonly target: Target;
  readonly paths: Paths;
  /** Makes reloads succeed and change nothing, from now on. */
  readonly getStuck: () => void;
  readonly stop: () => Promise<void>;
}

interface Paths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Two looks a second apart: enough to show a back-off, and the demo is over before it is dull. */
export function verifyAt(endpoint: string, serverName: string) {
  return { endpoint, serverName, attempts: 2, initialBackoffSeconds: 1, timeoutSeconds: 3 };
}

/** Ends a process that was started here, and waits until it has ended. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
