import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { temporaryBeside } from '../../agent-scripts/host/durable-files.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { ownershipOf, scratchFolder } from '../agent-scripts/disk.ts';
import { haproxyDaemons, writeCombined } from '../rigs/haproxy-site.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { connectorContract } from './connector.ts';
import { aHostedSite, startByHand } from './hosted-site.ts';
import { killedContract } from './killed.ts';
import type { DaemonUnderContract } from './site.ts';

for (const daemon of Object.values(haproxyDaemons)) connectorContract(daemon);
// one file, one rename: certificate and key always match
killedContract(haproxyDaemons.combined, { window: null });

const scratch = scratchFolder();
let count = 0;
let stopping: (() => Promise<void>) | null = null;

afterEach(async () => {
  await stopping?.();
  stopping = null;
});

async function aRunningSite(daemon: DaemonUnderContract) {
  const hosted = await aHostedSite(daemon, join(scratch, `${++count}`));
  stopping = hosted.site.stop;
  return { ...hosted, first: await startByHand(hosted) };
}

/** Adds another certificate of the same name before the site's own. */
function hide(conf: string, pem: string, version: IssuedCertificate): void {
  const other = `${conf}.other.pem`;
  writeCombined(other, version);
  writeFileSync(conf, readFileSync(conf, 'utf8').replace(` crt ${pem}`, ` crt ${other}$&`));
}

describeWith([program('haproxy'), program('unshare', 'util-linux'), root], 'haproxy’s files', () => {
  test('haproxy with files leaves nothing in a crt directory that haproxy would load besides', async () => {
    const { site, version, deploy } = await aRunningSite(haproxyDaemons.directory);
    const [pem = ''] = site.liveFiles;

    await deploy(await version());
    await deploy(await version());
    expect(readdirSync(dirname(pem))).toEqual(['site.pem']);

    writeFileSync(temporaryBeside(pem), 'half a certificate');
    expect(site.wouldStart()).toBe(true);
    writeFileSync(`${pem}.bak`, 'half a certificate');
    expect(site.wouldStart()).toBe(false);
  });

  test('haproxy with files gives a combined file the mode of a key, and a certificate with a key of its own that of each', async () => {
    const combined = await aHostedSite(haproxyDaemons.combined, join(scratch, `${++count}`));
    const separate = await aHostedSite(haproxyDaemons.separateKey, join(scratch, `${++count}`));

    await combined.deploy(await combined.version(), { reloadCommand: ['true'] });
    await separate.deploy(await separate.version(), { reloadCommand: ['true'] });

    expect(combined.site.liveFiles.map(ownershipOf)).toEqual(['0600 0:0']);
    expect(separate.site.liveFiles.map(ownershipOf)).toEqual(['0644 0:0', '0600 0:0']);
  });

  test('haproxy with files is refused by haproxy before anything is touched when the key goes where haproxy does not look', async () => {
    const { folder, version, deploy, identities } = await aRunningSite(haproxyDaemons.separateKey);
    const before = identities();

    const line = await deploy(await version(), { keyPath: join(folder, 'tls', 'privkey.pem') });

    expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'sandbox' });
    expect(line.summary).toContain('inconsistencies between private key and certificate');
    expect(identities()).toEqual(before);
  });

  test.each([
    ['the target names a file that haproxy does not read', 'wrong file'],
    ['another certificate of that name comes first', 'hidden'],
  ] as const)('haproxy with files is caught by the rehearsal when %s', async (_, mistake) => {
    const { site, folder, first, version, deploy, identities } = await aRunningSite(haproxyDaemons.combined);
    const before = identities();
    const [pem = ''] = site.liveFiles;
    if (mistake === 'hidden') hide(String(site.config.configPath), pem, await version());
    const config = mistake === 'hidden' ? {} : { pemPath: join(folder, 'tls', 'unread.pem') };

    const line = await deploy(await version(), { ...config, rehearse: true });

    expect(line).toMatchObject({ outcome: 'validate_failed' });
    expect(line.summary).toContain('sandboxed instance, 127.0.0.1');
    expect(identities()).toEqual(before);
    expect(await site.served()).toBe(first.fingerprint);
  });

  test('haproxy with files is seen while the previous process lingers on a connection that is still open', async () => {
    const { site, version, deploy, serves } = await aRunningSite(haproxyDaemons.combined);
    const port = Number(String(site.verify.endpoint).split(':')[1]);
    const lasting = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => lasting.once('secureConnect', resolve));
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(lasting.destroyed).toBe(false);
    lasting.destroy();
  });
});
