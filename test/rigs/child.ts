import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Engine } from './watching-site.ts';

/** A daemon in the foreground, as a child of this process, with its output in `log`. */
export function childEngine(argv: readonly string[], log: string): Engine {
  const [file = '', ...args] = argv;
  let child: ChildProcess | null = null;
  return {
    async start() {
      const output = openSync(log, 'a');
      child = spawn(file, args, { stdio: ['ignore', output, output] });
      closeSync(output);
    },
    async stop() {
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGTERM');
      await gone;
    },
  };
}
