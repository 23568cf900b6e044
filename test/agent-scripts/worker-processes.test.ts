import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { countListening, workersOn } from '../../agent-scripts/host/worker-processes.ts';
import { freePort } from '../../cli/demo/free-port.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { nginxIn } from '../rigs/nginx.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

describeWith([program('nginx'), root], 'workersOn', () => {
  test('workersOn names nginx’s workers, not its master, and sees them gone after a reload', async () => {
    const folder = join(scratch, 'nginx');
    mkdirSync(folder);
    const nginx = await nginxIn(folder);
    const version = await aVersion();
    writeFileSync(nginx.certPath, version.fullchainPem);
    writeFileSync(nginx.keyPath, version.keyPem);
    await nginx.start();
    stop = () => nginx.stop();

    await expect.poll(() => workersOn(nginx.port).size).toBe(1);
    const before = workersOn(nginx.port);
    expect(countListening(before, nginx.port)).toBe(1);

    spawn('nginx', nginx.reloadCommand.slice(1));
    await expect.poll(() => countListening(before, nginx.port), { interval: 10 }).toBe(0);
    expect([...workersOn(nginx.port)]).not.toEqual([...before]);
  });

  test('workersOn returns nothing for a daemon with a single process, and for a port without a listener', async () => {
    const port = await freePort();
    expect(workersOn(port)).toEqual(new Set());

    const server = createServer().listen(port, '127.0.0.1');
    stop = () => new Promise((resolve) => server.close(() => resolve()));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(workersOn(port)).toEqual(new Set());
  });
});
