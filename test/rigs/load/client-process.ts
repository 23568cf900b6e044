import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadReport } from './client.ts';

/** Clients that make handshakes with a port until they are stopped. */
export interface ClientProcess {
  /** Resolves after the first handshake with a leaf. */
  firstHandshake(fingerprint: string): Promise<void>;
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
  const seen = new Set<string>();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the clients ended before they were stopped');
    return String(value);
  };
  if ((await nextLine()) !== 'ready') throw new Error('the clients did not start');
  return {
    async firstHandshake(fingerprint) {
      while (!seen.has(fingerprint)) seen.add(await nextLine());
    },
    async stop() {
      child.stdin.end();
      let line = await nextLine();
      while (!line.startsWith('{')) line = await nextLine();
      await ended;
      return JSON.parse(line) as LoadReport;
    },
  };
}
