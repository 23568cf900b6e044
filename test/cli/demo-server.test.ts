import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startBuiltinServer } from '../../cli/demo/builtin-server.ts';
import { type DemoServer, serverName } from '../../cli/demo/demo-server.ts';
import { inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import { aVersion } from '../fixtures/certificates.ts';

async function aServer(): Promise<DemoServer> {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  const server = await startBuiltinServer(scratch);
  onTestFinished(async () => {
    await server.stop();
    rmSync(scratch, { recursive: true });
  });
  return server;
}

/** Installs by hand, as the agent would: files, then the reload command of the target. */
async function install({ paths, target: { config } }: DemoServer): Promise<string> {
  const version = await aVersion({ names: [serverName] });
  writeFileSync(paths.certPath, version.fullchainPem);
  writeFileSync(paths.keyPath, version.keyPem);
  const [command = '', ...args] = ('reloadCommand' in config && config.reloadCommand) || [];
  expect(spawnSync(command, args).status).toBe(0);
  return version.fingerprint;
}

async function servedBy({ target: { verify } }: DemoServer): Promise<string | null> {
  if (verify === 'none') throw new Error('the demo verifies');
  const [first] = await inspectEndpoint({ ...verify, protocol: 'tls', timeoutSeconds: 3 }, new Date());
  return first?.served?.fingerprint ?? null;
}

test('The demo server serves nothing before the first deployment', async () => {
  const server = await aServer();

  expect(existsSync(server.paths.certPath)).toBe(false);
  expect(await servedBy(server)).toBeNull();
});

test('The demo server serves its current files after a reload signal', async () => {
  const server = await aServer();

  const first = await install(server);
  await expect.poll(() => servedBy(server)).toBe(first);
  const second = await install(server);
  await expect.poll(() => servedBy(server)).toBe(second);
});

test('The demo server keeps serving the previous leaf once it is stuck, although the reload succeeds', async () => {
  const server = await aServer();
  const first = await install(server);
  await expect.poll(() => servedBy(server)).toBe(first);

  server.ignoreReloads();
  await install(server);
  await sleep(300);

  expect(await servedBy(server)).toBe(first);
});
