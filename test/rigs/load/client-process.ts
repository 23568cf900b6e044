import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadReport } from './client.ts';

/** Clients that make handshakes with a port until they are stopped. */
export interface ClientProcess {
  stop(): Promise<LoadReport>;
}

/** Starts clients in a separate process, so that other work does not delay them. */
export async function startClients(port: number, rate: number): Promise<ClientProcess> {
  const file = join(import.meta.dirname, 'client.ts');
  const child = spawn(process.execPath, [file, '--port', `${port}`, '--rate', `${rate}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close');
  if ((await lines.next()).value !== 'ready') throw new Error('the clients did not start');
  return {
    async stop() {
      child.stdin.end();
      const { value } = await lines.next();
      await ended;
      return JSON.parse(String(value)) as LoadReport;
    },
  };
}
