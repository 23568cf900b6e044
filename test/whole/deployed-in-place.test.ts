import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { fingerprintOfFile, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { certbotLineage } from '../rigs/certbot-lineage.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { certferry } from './certferry.ts';

const scratch = scratchFolder();
let running: Nginx | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

/** An nginx that reads certbot's links, and certferry in local mode that deploys from the same links. */
async function aCertbotHost(name: string) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  running = nginx;
  const lineage = certbotLineage(nginx);
  const first = await aVersion();
  lineage.renew(first);
  await nginx.start();
  const { certPath, keyPath, validateCommand, port } = nginx;
  const targets = join(folder, 'targets.json');
  const describeTarget = (reloadCommand: readonly string[], verify: object = {}): void => {
    const config = { certPath, keyPath, validateCommand, reloadCommand };
    const endpoint = {
      endpoint: `127.0.0.1:${port}`,
      serverName: 'www.example.test',
      attempts: 1,
      ...verify,
    };
    const target = { id: 'web-1', certificate: 'www.example.test', host: 'local', kind: 'nginx' };
    writeFileSync(targets, JSON.stringify({ targets: [{ ...target, config, verify: endpoint }] }));
  };
  describeTarget(nginx.reloadCommand);
  const common = ['--local', '--state', join(folder, 'state'), '--targets', targets, '--json'];
  const source = ['--certificate', 'www.example.test', '--cert', certPath, '--key', keyPath];
  return {
    ...{ nginx, lineage, first, describeTarget },
    deploy: (...more: string[]) => certferry('deploy', ...common, ...source, ...more),
    rollback: () => certferry('rollback', ...common, '--target', 'web-1'),
  };
}

describeWith([program('nginx'), program('unshare', 'util-linux'), root], 'certferry with certbot', () => {
  test('Renewals of certbot are deployed in place from its own links, rolled back to the recorded version, and deployed again.', async () => {
    const { nginx, lineage, first, deploy, rollback, describeTarget } = await aCertbotHost('renewals');
    const adopted = await deploy();
    expect(adopted).toMatchObject({ code: 0, json: { outcome: 'deployed' } });
    expect(adopted.json.summary).toContain('deployed in place');
    const second = await aVersion();
    lineage.renew(second);

    const renewed = await deploy();

    expect(renewed).toMatchObject({ code: 0, json: { outcome: 'deployed' } });
    expect(renewed.json.targets[0]).toMatchObject({
      fingerprint: second.fingerprint,
      previousFingerprint: first.fingerprint,
    });
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);

    const back = await rollback();
    expect(back).toMatchObject({ code: 0, json: { targets: [{ fingerprint: first.fingerprint }] } });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    const noFurther = await rollback();
    expect(noFurther.code).not.toBe(0);
    expect(noFurther.json.summary).toContain('has no previous version of web-1');

    const third = await aVersion();
    lineage.renew(third);
    describeTarget(['true']);
    const withoutEffect = await deploy();
    expect(withoutEffect).toMatchObject({ code: 13, json: { outcome: 'rolled_back' } });
    expect(withoutEffect.json.summary).toContain(
      'the endpoint still serves the previous version; the reload had no effect',
    );
    expect(fingerprintOfFile(nginx.certPath)).toBe(first.fingerprint);
    expect(lstatSync(nginx.certPath).isSymbolicLink()).toBe(true);
  });

  test('A deployment in place without a recorded version does not claim a rollback when the reload has no effect.', async () => {
    const { nginx, lineage, first, deploy, describeTarget } = await aCertbotHost('unknown');
    const second = await aVersion();
    lineage.renew(second);
    describeTarget(['true']);

    const run = await deploy();

    expect(run).toMatchObject({ code: 14, json: { outcome: 'rollback_failed' } });
    expect(run.json.summary).toContain(
      'the endpoint still serves the previous version; the reload had no effect',
    );
    expect(run.json.summary).toContain('the previous files are not known');
    expect(fingerprintOfFile(nginx.certPath)).toBe(second.fingerprint);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('A rollback is not blamed for an endpoint that was unreachable before the change, and a dry run warns of it.', async () => {
    const { nginx, lineage, first, deploy, describeTarget } = await aCertbotHost('unreachable');
    await deploy();
    await nginx.stop();
    describeTarget(['true']);
    lineage.renew(await aVersion());

    const dryRun = await deploy('--dry-run');
    const run = await deploy();

    expect(dryRun).toMatchObject({ code: 0, json: { outcome: 'validated' } });
    expect(dryRun.stderr).toContain('the endpoint is unreachable');
    expect(run).toMatchObject({ code: 13, json: { outcome: 'rolled_back' } });
    expect(run.json.summary).toContain('the endpoint was unreachable before the change');
    expect(fingerprintOfFile(nginx.certPath)).toBe(first.fingerprint);
  });
});
