import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, ownershipOf } from '../agent-scripts/disk.ts';
import { runAgentWith } from '../agent-scripts/run-agent.ts';
import { autosaved } from '../rigs/caddy.ts';
import { loadPemSite } from '../rigs/caddy-site.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { caddyNeeds, entryOf, useCaddies } from './hosted-caddy.ts';

const { aCaddy, aRunningCaddy, anInlineCaddy } = useCaddies();

/** A command that runs its arguments and kills them when a file appears. */
function killedOnce(marker: string): string[] {
  const script = '"$@" & until [ -e "$0" ]; do sleep 0.05; done; kill -KILL $!';
  return ['sh', '-c', script, marker];
}

describeWith(caddyNeeds, 'caddy kind, load_pem', () => {
  test("Caddy's certificate from before the first deployment is kept and restored", async () => {
    const { caddy, folder, first, version, deploy, send, serves, expectTidy } = await anInlineCaddy();
    const before = await caddy.running();
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
    expect(await caddy.running()).toMatchObject([entryOf(next)]);
    const backups = join(folder, 'home/targets/web-1/backups', line.deploymentId);
    expect(readFileSync(join(backups, '0-privkey.pem'), 'utf8')).toBe(first.keyPem);
    expect(ownershipOf(join(backups, '0-privkey.pem'))).toMatch(/^06[04]0 0:/);
    expect(ownershipOf(join(backups, '..'))).toMatch(/^0700 0:/);

    const undone = await send('undo', { deploymentId: line.deploymentId });

    expect(undone).toMatchObject({ outcome: 'restored', served: true, warnings: [] });
    expect(await caddy.running()).toEqual(before);
    expect(readFileSync(caddy.certPath, 'utf8')).toBe(first.fullchainPem);
    await serves(first);
    expectTidy();
  });

  test('Caddy with load_pem puts it back, too, when Caddy refuses the new one', async () => {
    const { caddy, through, first, version, deploy, serves } = await anInlineCaddy();
    const before = await caddy.running();

    const refuseFirst = through((change) => (change === 1 ? { status: 500, body: 'no' } : null));
    const line = await deploy(await version(), refuseFirst);

    expect(line.outcome).toBe('reload_failed');
    expect(line.version?.fingerprint).toBe(first.fingerprint);
    expect(await caddy.running()).toEqual(before);
    await serves(first);
  });

  test('Caddy with load_pem leaves nothing behind after a dry run', async () => {
    const { caddy, host, target, version, first, serves } = await anInlineCaddy();

    const line = await host.send('validate', { target: target(), version: await version() });

    expect(line.outcome).toBe('validate_unsupported');
    expect(existsSync(caddy.keyPath)).toBe(false);
    expect(filesBelow(join(host.home, 'targets'))).toEqual(['web-1/fence']);
    await serves(first);
  });

  test('Caddy with load_pem sees that a restart without --resume went back, and brings the new one in again', async () => {
    const { caddy, folder, version, deploy, serves, first } = await aRunningCaddy(loadPemSite);
    const next = await version();
    await deploy(next);
    expect(autosaved(folder)).toContain(JSON.stringify(next.keyPem));
    await caddy.stop();
    await caddy.start('--resume');
    await serves(next);
    expect((await deploy(next)).outcome).toBe('unchanged');

    await caddy.stop();
    await caddy.start();
    await serves(first);
    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
    await serves(next);
  });

  test('A rollback with load_pem restores what was in Caddy before the last deployment, foreign changes included', async () => {
    const { caddy, version, deploy, send, serves } = await aRunningCaddy(loadPemSite);
    await deploy(await version());
    const theirs = await version();
    const path = '/config/apps/tls/certificates/load_pem/0';
    expect((await caddy.admin('PATCH', path, entryOf(theirs))).status).toBe(200);

    const line = await deploy(await version());
    expect(line.previousVersion?.fingerprint).toBe(theirs.fingerprint);
    await send('undo', { deploymentId: line.deploymentId });

    await serves(theirs);
    expect(await caddy.running()).toMatchObject([entryOf(theirs)]);
  });

  test('Caddy with load_pem undoes what Caddy took while the agent was killed', async () => {
    const { caddy, folder, through, host, target, send, version, first, serves, expectTidy } =
      await anInlineCaddy();
    const before = await caddy.running();
    const next = await version();
    const silent = target(through((change) => (change === 1 ? 'silence' : null)));
    await host.send('enroll', { target: silent });

    const job = await host.jobText('deploy', { target: silent, version: next });
    const marker = join(folder, 'kill-it');
    const running = runAgentWith(host.home, job, killedOnce(marker));
    await serves(next);
    writeFileSync(marker, '');
    expect((await running).line).toBe(null);
    const recovered = await send('inspect');

    expect(recovered.recovered).toMatchObject({ outcome: 'restored' });
    expect(await caddy.running()).toEqual(before);
    await serves(first);
    expectTidy();
  });

  test('Caddy with load_pem takes back what Caddy took without saying so in time', async () => {
    const { caddy, through, version, deploy, first, serves } = await anInlineCaddy();
    const before = await caddy.running();
    const silent = through((change) => (change === 1 ? 'silence' : null));

    const line = await deploy(await version(), { ...silent, commandTimeoutSeconds: 1 });

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('no response before the deadline');
    expect(await caddy.running()).toEqual(before);
    await serves(first);
  });

  test('Caddy with load_pem changes the entry with the tag and no other, and keeps what else is in it', async () => {
    const { caddy, site, version, deploy } = await aCaddy(loadPemSite);
    const [first, other, next] = [await version(), await version(), await version()];
    caddy.configure([
      { ...entryOf(other), tags: ['other'] },
      { ...entryOf(first), tags: ['web', 'shop'], '@id': 'ours' },
    ]);
    await site.start();

    const line = await deploy(next, { tag: 'web' });

    expect(line.outcome).toBe('applied');
    expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
    expect(await caddy.running()).toEqual([
      { ...entryOf(other), tags: ['other'] },
      { ...entryOf(next), tags: ['web', 'shop'], '@id': 'ours' },
    ]);
  });

  test('Caddy with load_pem does not guess which entry is meant', async () => {
    const { caddy, site, version, deploy } = await aCaddy(loadPemSite);
    caddy.configure([entryOf(await version()), entryOf(await version())]);
    await site.start();

    const two = await deploy(await version());
    const none = await deploy(await version(), { tag: 'nobody' });

    expect(two).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(two.summary).toContain(
      '2 entries in apps.tls.certificates.load_pem whose leaf covers www.example.test',
    );
    expect(none).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(none.summary).toContain('no entry in apps.tls.certificates.load_pem with the tag nobody');
    expect(existsSync(caddy.keyPath)).toBe(false);
  });
});
