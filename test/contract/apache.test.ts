import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ownershipOf, scratchFolder } from '../agent-scripts/disk.ts';
import { apacheDaemon, apacheSite, apacheWithChainFile } from '../rigs/apache.ts';
import { pidIn } from '../rigs/processes.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { connectorContract } from './connector.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';

connectorContract(apacheDaemon);
connectorContract(apacheWithChainFile);

describeWith([...apacheDaemon.needs, program('unshare', 'util-linux'), root], 'apache kind', () => {
  const scratch = scratchFolder();
  let count = 0;
  let current: HostedSite | null = null;

  afterEach(async () => {
    await current?.site.stop();
    current = null;
  });

  async function anApache(): Promise<HostedSite & { apache: Awaited<ReturnType<typeof apacheSite>> }> {
    const folder = join(scratch, `${++count}`);
    let apache: Awaited<ReturnType<typeof apacheSite>> | undefined;
    const site = async (): Promise<Awaited<ReturnType<typeof apacheSite>>> => {
      apache = await apacheSite(folder, false);
      return apache;
    };
    const hosted = await aHostedSite({ ...apacheDaemon, site }, folder);
    current = hosted;
    if (apache === undefined) throw new Error('no site was made');
    return { ...hosted, apache };
  }

  test('The agent notices that httpd died of the new files although both commands succeeded, and starts it with the previous ones', async () => {
    const hosted = await anApache();
    const { apache, folder, deploy, version, identities, serves, expectTidy } = hosted;
    const first = await startByHand(hosted);
    // the virtual host and the target name different key files, so the new leaf does not match the key
    const forgotten = join(folder, 'forgotten.pem');
    copyFileSync(apache.keyFile, forgotten);
    apache.rewrite(`KeyFile ${apache.keyFile}`, `KeyFile ${forgotten}`);
    const before = identities();
    const died = pidIn(apache.pidFile);

    const line = await deploy(await version());

    expect(readFileSync(apache.errorLog, 'utf8')).toContain('do not match');
    expect(line).toMatchObject({ outcome: 'reload_failed', validatedIn: 'sandbox' });
    expect(line.summary).toContain(`exited with 0; main process ${died} has exited`);
    expect(identities()).toEqual(before);
    expect(pidIn(apache.pidFile)).not.toBe(died);
    await serves(first);
    expectTidy();
  });

  test('apache finds in a rehearsal that the virtual host reads other files, before the live ones are touched', async () => {
    const hosted = await anApache();
    const { apache, folder, deploy, version, identities, serves, expectTidy } = hosted;
    const first = await startByHand(hosted);
    const [otherCert, otherKey] = [join(folder, 'other-cert.pem'), join(folder, 'other-key.pem')];
    for (const [file, other] of [
      [apache.leafFile, otherCert],
      [apache.keyFile, otherKey],
    ] as const) {
      copyFileSync(file, other);
      apache.rewrite(`File ${file}`, `File ${other}`);
    }
    const before = identities();

    const line = await deploy(await version(), { rehearse: true });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain(`serves ${first.fingerprint.slice(0, 19)}…`);
    expect(identities()).toEqual(before);
    await serves(first);
    expectTidy();
  });

  test('apache finds in a rehearsal that an earlier virtual host of the name hides the new certificate', async () => {
    const hosted = await anApache();
    const { apache, folder, deploy, version, identities, serves, expectTidy } = hosted;
    const hiding = await version();
    const [cert, key] = [join(folder, 'hiding-cert.pem'), join(folder, 'hiding-key.pem')];
    writeFileSync(cert, hiding.fullchainPem);
    writeFileSync(key, hiding.keyPem, { mode: 0o600 });
    const written = readFileSync(apache.conf, 'utf8');
    const host = written.slice(written.indexOf('<VirtualHost'));
    const earlier = host.replace(apache.leafFile, cert).replace(apache.keyFile, key);
    apache.rewrite(host, `${earlier}${host}`);
    apache.installByHand(await version());
    await apache.start();
    const before = identities();

    const line = await deploy(await version(), { rehearse: true });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain(`serves ${hiding.fingerprint.slice(0, 19)}…`);
    expect(identities()).toEqual(before);
    await serves(hiding);
    expectTidy();
  });

  test('The agent reports a pid file whose process does not run, with the command to type', async () => {
    const { deploy, version } = await anApache();

    const line = await deploy(await version(), { reloadCommand: ['true'] });

    expect(line.outcome).toBe('rollback_failed');
    expect(line.summary).toContain('no main process runs');
    expect(line.repair?.commands).toEqual(['true']);
  });

  test('apache makes a new key readable for root alone', async () => {
    const { apache, deploy, version } = await anApache();

    await deploy(await version());

    expect(ownershipOf(apache.keyFile)).toMatch(/^0600 0:/);
  });
});
