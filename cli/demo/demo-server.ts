import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Target } from '../../core/targets/target.ts';

/** The certificate name in the scenes with one server. */
export const serverName = 'api.example.com';

/** A server to which the demo deploys, and the paths of its certificate and key. */
export interface DemoServer {
  /** For the first line of the demo. */
  readonly description: string;
  readonly target: Target;
  readonly paths: Paths;
  /** From now on reloads succeed, but have no effect. */
  readonly ignoreReloads: () => void;
  readonly stop: () => Promise<void>;
}

interface Paths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Two probes, one second apart: the minimum that shows a back-off. */
export function verifyAt(endpoint: string, serverName: string) {
  return { endpoint, serverName, attempts: 2, initialBackoffSeconds: 1, timeoutSeconds: 3 };
}

/** Ends a child process and waits for its exit. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
