import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Target } from '../../core/targets/target.ts';
import { openLocalBackend } from '../../local/backend/local-backend.ts';
import { identityOf, scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { deploying } from '../local/served-target.ts';
import { type PostfixSite, postfixDaemons, postfixSite } from '../rigs/postfix.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { connectorContract } from './connector.ts';
import { killedContract } from './killed.ts';

connectorContract(postfixDaemons.chainFiles);
connectorContract(postfixDaemons.pair);
killedContract(postfixDaemons.chainFiles, { window: null });

const scratch = scratchFolder();
let count = 0;
let running: PostfixSite | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function aRunningPostfix(layout: Parameters<typeof postfixSite>[1]) {
  const folder = join(scratch, `${++count}`);
  mkdirSync(folder);
  const site = await postfixSite(folder, layout);
  running = site;
  const first = await aVersion();
  site.installByHand(first);
  await site.start();
  const target = (changes: object = {}): Target =>
    aTarget('postfix', { ...site.config, ...changes }, { ...site.verify, attempts: 2, maxBackoffSeconds: 1 });
  const live = () => site.liveFiles.map(identityOf);
  return { site, folder, first, target, live, host: testHost(join(folder, 'home')) };
}

describeWith(
  [program('postfix'), program('openssl'), program('unshare', 'util-linux'), root],
  'postfix',
  () => {
    test('postfix serves the new leaf after STARTTLS, and where TLS begins at once', async () => {
      const { site, host, target } = await aRunningPostfix('chainFiles');
      const next = await aVersion();

      const line = await host.send('deploy', { target: target(), version: next });

      expect(line).toMatchObject({ outcome: 'applied', served: true });
      expect(await site.served()).toBe(next.fingerprint);
      await expect.poll(() => site.presentedDirectly()).toBe(next.fingerprint);
    });

    test('postfix sends the intermediates of a chain file of their own', async () => {
      const { host, target } = await aRunningPostfix('separateChain');

      const line = await host.send('deploy', { target: target(), version: await aVersion() });

      // detected by `requireChain`, which is the default
      expect(line).toMatchObject({ outcome: 'applied', served: true });
    });

    test('postfix keeps serving the previous pair when the new leaf has another key, and the state machine finds no TLS', async () => {
      const { site, folder, first, target } = await aRunningPostfix('pair');
      const backend = await openLocalBackend({ stateDir: join(folder, 'state') });
      try {
        // main.cf names a key that is not replaced, and `postfix check` opens no key
        const wrong = target({ keyPath: join(folder, 'tls/another-key.pem') });

        const { output, events } = await backend.deploy(deploying(wrong, await aVersion()));

        const text = JSON.stringify(events);
        expect(output.outcome).toBe('rolled_back');
        expect(text).toContain('STARTTLS is not offered');
        expect(text).toContain('454 4.7.0 TLS not available due to local problem');
        expect(await site.served()).toBe(first.fingerprint);
        expect(site.wouldStart()).toBe(true);
      } finally {
        await backend.close();
      }
    });

    test('postfix finds the same in a rehearsal, before anything is touched', async () => {
      const { host, folder, target, live } = await aRunningPostfix('pair');
      const before = live();
      const wrong = target({ keyPath: join(folder, 'tls/another-key.pem'), rehearse: true });

      const line = await host.send('deploy', { target: wrong, version: await aVersion() });

      expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'sandbox' });
      expect(line.summary).toContain('STARTTLS is not offered');
      expect(live()).toEqual(before);
    });

    test('A rehearsal of postfix passes with valid files, and its sandboxed instance touches neither queue nor log', async () => {
      const { site, host, target } = await aRunningPostfix('chainFiles');
      const next = await aVersion();

      const line = await host.send('deploy', { target: target({ rehearse: true }), version: next });

      expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
      expect(site.starts()).toBe(1);
      expect(await site.served()).toBe(next.fingerprint);
    });

    test('postfix serves a name of an SNI table if the table is rebuilt with each change, and a rehearsal rebuilds its own', async () => {
      const { site, folder, host, first, target } = await aRunningPostfix('chainFiles');
      const [table, other, etc] = [join(folder, 'etc/sni'), join(folder, 'other.pem'), join(folder, 'etc')];
      const { keyPem, fullchainPem } = await aVersion();
      writeFileSync(other, keyPem + fullchainPem, { mode: 0o600 });
      writeFileSync(table, `www.example.test ${site.keyFile}\n`);
      site.rewrite(
        `smtpd_tls_chain_files = ${site.keyFile}`,
        `smtpd_tls_chain_files = ${other}\ntls_server_sni_maps = hash:${table}`,
      );
      const reloadCommand = `postmap -c ${etc} -F hash:${table} && postfix -c ${etc} reload`;
      const withTable = target({ shell: true, reloadCommand, rehearse: true });
      const next = await aVersion();

      const line = await host.send('deploy', { target: withTable, version: next });
      const served = await site.served();
      const undone = await host.send('undo', {
        target: withTable,
        header: { deploymentId: line.deploymentId },
      });

      expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
      expect(served).toBe(next.fingerprint);
      expect(undone).toMatchObject({ outcome: 'restored', served: true });
      expect(await site.served()).toBe(first.fingerprint);

      rmSync(table);
      const unbuilt = await host.send('validate', { target: withTable, version: next });
      expect(unbuilt).toMatchObject({ outcome: 'validated' });
      expect(unbuilt.warnings).toEqual([
        `not rehearsed: not supported with tls_server_sni_maps = hash:${table}: there is no file ${table} to rebuild the table from`,
      ]);
    });

    test('postfix does not read the files in its check', async () => {
      const { site, host, first, target } = await aRunningPostfix('chainFiles');
      expect(await site.served()).toBe(first.fingerprint);
      site.rewrite(site.keyFile, '/no/such/file.pem');

      const line = await host.send('validate', { target: target(), version: await aVersion() });

      expect(line.outcome).toBe('validated');
      expect(await site.served()).toBe(first.fingerprint);
    });
  },
);
