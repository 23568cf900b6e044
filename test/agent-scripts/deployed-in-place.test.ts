import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { certbotLineage, type Lineage } from '../rigs/certbot-lineage.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { fingerprintOfFile, identityOf, pairMatches, scratchFolder } from './disk.ts';
import { filesOfCertbot } from './files-of-certbot.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
let running: Nginx | null = null;
const aFolder = (): string => join(scratch, `site-${++count}`);

afterEach(async () => {
  await running?.stop();
  running = null;
});

const verifyAt = (port: number) => ({ endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' });

/** An nginx that reads the links of certbot and serves `first`, before certferry deploys to it. */
async function aCertbotSite() {
  const folder = aFolder();
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  running = nginx;
  const lineage = certbotLineage(nginx);
  const first = await aVersion();
  lineage.renew(first);
  await nginx.start();
  const host = testHost(join(folder, 'home'));
  const { certPath, keyPath, validateCommand, reloadCommand, port } = nginx;
  const config = { certPath, keyPath, validateCommand, reloadCommand };
  const target = aTarget('nginx', config, verifyAt(port));
  return {
    ...{ nginx, lineage, first, host, target },
    deploy: (version: IssuedCertificate, changes = {}): Promise<AgentLine> =>
      host.send('deploy', { target: aTarget('nginx', { ...config, ...changes }, verifyAt(port)), version }),
  };
}

function expectLinks({ certPath, keyPath }: Lineage): void {
  for (const path of [certPath, keyPath]) expect(lstatSync(path).isSymbolicLink()).toBe(true);
}

describeWith([program('nginx'), program('unshare', 'util-linux'), root], 'deployments in place', () => {
  test('A renewal that certbot has written is deployed in place, and undo restores the version of the last receipt behind the links.', async () => {
    const { nginx, lineage, first, host, target, deploy } = await aCertbotSite();
    const adopted = await deploy(first);
    expect(adopted).toMatchObject({ outcome: 'applied', previousVersion: null, inPlace: true });
    const second = await aVersion();
    const { certFile, keyFile } = lineage.renew(second);

    const line = await deploy(second);

    expect(line).toMatchObject({
      outcome: 'applied',
      inPlace: true,
      served: true,
      warnings: [],
      previousVersion: { fingerprint: first.fingerprint },
      baseline: { from: 'host', addresses: [{ fingerprint: first.fingerprint, problem: null }] },
    });
    expect(line.summary).toMatch(/^deployed in place: the files already had this version/);
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);

    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });

    expect(undone).toMatchObject({ outcome: 'restored', version: { fingerprint: first.fingerprint } });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    expectLinks(lineage);
    expect([fingerprintOfFile(certFile), pairMatches(certFile, keyFile)]).toEqual([first.fingerprint, true]);
    // the archive of certbot was the only place with the new key
    const [, kept = ''] = /the new version is kept in (\S+)$/.exec(undone.warnings[0] ?? '') ?? [];
    expect(readFileSync(join(kept, '0-privkey2.pem'), 'utf8')).toBe(second.keyPem);
    expect(readFileSync(join(kept, '1-fullchain2.pem'), 'utf8')).toBe(second.fullchainPem);
  });

  test('A rollback installs the recorded version behind the present links of certbot, and the next renewal can be undone too.', async () => {
    const { nginx, lineage, first, host, target, deploy } = await aCertbotSite();
    await deploy(first);
    const second = await aVersion();
    lineage.renew(second);
    await deploy(second);
    const notDeployed = await aVersion();
    const { certFile } = lineage.renew(notDeployed);

    const line = await host.send('rollback', { target });

    expect(line).toMatchObject({
      outcome: 'applied',
      served: true,
      version: { fingerprint: first.fingerprint },
    });
    expect(fingerprintOfFile(certFile)).toBe(first.fingerprint);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    expectLinks(lineage);
    expect(await host.send('rollback', { target })).toMatchObject({
      outcome: 'rejected',
      reason: 'NoReceipt',
    });

    const third = await aVersion();
    lineage.renew(third);
    const next = await deploy(third);
    expect(next.previousVersion?.fingerprint).toBe(first.fingerprint);
    const undone = await host.send('undo', { target, header: { deploymentId: next.deploymentId } });
    expect(undone).toMatchObject({ outcome: 'restored', served: true });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('A deployment in place whose previous version no receipt has is neither undone nor rolled back, and the files stay.', async () => {
    const { nginx, lineage, first, host, target, deploy } = await aCertbotSite();
    const second = await aVersion();
    lineage.renew(second);

    const line = await deploy(second, { reloadCommand: ['true'] });
    const before = [identityOf(nginx.certPath), identityOf(nginx.keyPath)];
    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });
    const rolledBack = await host.send('rollback', { target });

    expect(line).toMatchObject({ outcome: 'applied', served: false, previousVersion: null, inPlace: true });
    expect(line.warnings).toEqual([expect.stringContaining('there is nothing to roll back to')]);
    expect(line.baseline?.addresses).toMatchObject([{ fingerprint: first.fingerprint }]);
    expect(undone).toMatchObject({
      outcome: 'rollback_failed',
      reason: 'NoReceipt',
      version: { fingerprint: second.fingerprint },
      repair: { files: [], commands: ['true'] },
    });
    expect(undone.summary).toContain('the previous files are not known');
    expect(rolledBack).toMatchObject({ outcome: 'rejected', reason: 'NoReceipt' });
    expect([identityOf(nginx.certPath), identityOf(nginx.keyPath)]).toEqual(before);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('A failed reload in place restores the recorded version, and does not claim so if there is none.', async () => {
    const { nginx, lineage, first, deploy } = await aCertbotSite();
    const marker = join(scratch, `failed-once-${count}`);
    const failsOnce = {
      shell: true,
      reloadCommand: `test -e ${marker} || { touch ${marker}; exit 3; }; nginx -c ${nginx.conf} -s reload`,
    };

    const unknown = await deploy(first, failsOnce);
    expect(unknown).toMatchObject({
      outcome: 'rollback_failed',
      version: { fingerprint: first.fingerprint },
    });
    expect(unknown.summary).toMatch(/^reload failed .*the previous files are not known/);
    expect(await deploy(first)).toMatchObject({ outcome: 'applied', inPlace: true });

    rmSync(marker);
    lineage.renew(await aVersion());
    const version = await aVersion();
    lineage.renew(version);
    const line = await deploy(version, failsOnce);
    expect(line).toMatchObject({ outcome: 'reload_failed', version: { fingerprint: first.fingerprint } });
    expect(line.warnings).toEqual([expect.stringContaining('the new version is kept in')]);
    expect(fingerprintOfFile(nginx.certPath)).toBe(first.fingerprint);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });
});

describeWith([program('flock', 'util-linux'), root], 'the previous version of a deployment in place', () => {
  test('An expired recorded version is never restored over the new one.', async () => {
    const [first, second] = [await aVersion(), await aVersion()];
    const { lineage, host, target } = await filesOfCertbot(aFolder(), first);
    const receipts = join(host.home, 'targets/web-1/receipts');
    for (const name of readdirSync(receipts)) {
      const text = readFileSync(join(receipts, name), 'utf8');
      writeFileSync(join(receipts, name), text.replaceAll(/"notAfter":\d+/g, '"notAfter":1700000000'));
    }
    lineage.renew(second);

    const line = await host.send('deploy', { target, version: second });
    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });

    expect(undone).toMatchObject({ outcome: 'rollback_failed', reason: 'NoReceipt' });
    expect(fingerprintOfFile(lineage.certPath)).toBe(second.fingerprint);
  });

  test('The version in the former file of certbot is the previous one if the copy of the receipt is lost.', async () => {
    const [first, second] = [await aVersion(), await aVersion()];
    const { lineage, host, target } = await filesOfCertbot(aFolder(), first);
    rmSync(join(host.home, 'targets/web-1/copies'), { recursive: true });
    lineage.renew(second);

    const line = await host.send('deploy', { target, version: second });

    expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
  });

  test('A second deployment that only repairs files does not become its own previous version.', async () => {
    const [first, second] = [await aVersion(), await aVersion()];
    const { host, target, lineage } = await filesOfCertbot(aFolder(), first);
    lineage.renew(second);
    await host.send('deploy', { target, version: second });
    writeFileSync(lineage.certPath, `edited\n${second.fullchainPem}`);
    const repaired = await host.send('deploy', { target, version: second });
    expect(repaired).toMatchObject({
      outcome: 'applied',
      previousVersion: { fingerprint: second.fingerprint },
    });

    const line = await host.send('rollback', { target });

    expect(line).toMatchObject({ outcome: 'applied', version: { fingerprint: first.fingerprint } });
  });

  test('Receipts keep the copies of the installed version and of one undone version, and no others.', async () => {
    const first = await aVersion();
    const { host, target, lineage } = await filesOfCertbot(aFolder(), first);
    for (let round = 0; round < 3; round += 1) {
      const version = await aVersion();
      lineage.renew(version);
      const { deploymentId } = await host.send('deploy', { target, version });
      await host.send('undo', { target, header: { deploymentId } });
    }

    expect(readdirSync(join(host.home, 'targets/web-1/copies'))).toHaveLength(2);
  });
});
