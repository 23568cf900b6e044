import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startBuiltin } from '../../cli/demo/builtin.ts';
import { type Stage, serverName } from '../../cli/demo/stage.ts';
import { inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import { aVersion } from '../fixtures/certificates.ts';

async function aStage(): Promise<Stage> {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  const stage = await startBuiltin(scratch);
  onTestFinished(async () => {
    await stage.stop();
    rmSync(scratch, { recursive: true });
  });
  return stage;
}

/** Installs by hand, as the agent would: files, then the reload command of the target. */
async function install({ paths, target }: Stage): Promise<string> {
  const version = await aVersion({ names: [serverName] });
  writeFileSync(paths.certPath, version.fullchainPem);
  writeFileSync(paths.keyPath, version.keyPem);
  const [command = '', ...args] = target.config.reloadCommand ?? [];
  expect(spawnSync(command, args).status).toBe(0);
  return version.fingerprint;
}

async function servedBy({ target: { verify } }: Stage): Promise<string | null> {
  if (verify === 'none') throw new Error('the demo verifies');
  const [first] = await inspectEndpoint({ ...verify, protocol: 'tls', timeoutSeconds: 3 }, new Date());
  return first?.served?.fingerprint ?? null;
}

test('The demo server serves nothing before the first deployment', async () => {
  const stage = await aStage();

  expect(existsSync(stage.paths.certPath)).toBe(false);
  expect(await servedBy(stage)).toBeNull();
});

test('The demo server serves its current files after a reload signal', async () => {
  const stage = await aStage();

  const first = await install(stage);
  await expect.poll(() => servedBy(stage)).toBe(first);
  const second = await install(stage);
  await expect.poll(() => servedBy(stage)).toBe(second);
});

test('The demo server keeps serving the previous leaf once it is stuck, although the reload succeeds', async () => {
  const stage = await aStage();
  const first = await install(stage);
  await expect.poll(() => servedBy(stage)).toBe(first);

  stage.getStuck();
  await install(stage);
  await sleep(300);

  expect(await servedBy(stage)).toBe(first);
});
