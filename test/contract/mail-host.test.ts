import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { identityOf, scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { dovecotDaemon, dovecotSite } from '../rigs/dovecot.ts';
import { failsOnce } from '../rigs/fails-once.ts';
import { postfixDaemons, postfixSite } from '../rigs/postfix.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import type { Site } from './site.ts';

const scratch = scratchFolder();
let count = 0;
let running: Site[] = [];
afterEach(async () => {
  for (const site of running) await site.stop();
  running = [];
});

/** Postfix and Dovecot on one host, served by one agent, with one certificate name for both. */
async function aMailHost() {
  const folder = join(scratch, `${++count}`);
  const [postfixFolder, dovecotFolder] = [join(folder, 'postfix'), join(folder, 'dovecot')];
  for (const made of [postfixFolder, dovecotFolder]) mkdirSync(made, { recursive: true });
  const postfix = await postfixSite(postfixFolder, 'chainFiles');
  const dovecot = await dovecotSite(dovecotFolder);
  running = [postfix, dovecot];
  const first = await aVersion();
  for (const site of running) {
    site.installByHand(first);
    await site.start();
  }
  const smtp = (changes: object = {}) =>
    aTarget('postfix', { ...postfix.config, ...changes }, postfix.verify, 'mail-smtp');
  const imap = (changes: object = {}) =>
    aTarget('dovecot', { ...dovecot.config, ...changes }, dovecot.verify, 'mail-imap');
  return { folder, postfix, dovecot, first, smtp, imap, host: testHost(join(folder, 'home')) };
}

const needs = [
  ...postfixDaemons.chainFiles.needs,
  ...dovecotDaemon.needs,
  program('unshare', 'util-linux'),
  root,
];

describeWith(needs, 'two targets of one certificate on one host', () => {
  test('Two targets of one certificate on one host both get the new leaf', async () => {
    const { postfix, dovecot, smtp, imap, host } = await aMailHost();
    const next = await aVersion();

    const lines = [
      await host.send('deploy', { target: smtp(), version: next }),
      await host.send('deploy', { target: imap(), version: next }),
    ];

    expect(lines).toMatchObject([
      { targetId: 'mail-smtp', outcome: 'applied', served: true },
      { targetId: 'mail-imap', outcome: 'applied', served: true },
    ]);
    expect([await postfix.served(), await dovecot.served()]).toEqual([next.fingerprint, next.fingerprint]);
  });

  test('A failed deployment leaves the other target of the host with its version and its own history', async () => {
    const { folder, postfix, dovecot, first, smtp, imap, host } = await aMailHost();
    const next = await aVersion();
    const reload = ['postfix', '-c', String(postfix.config.configDirectory), 'reload'];
    const failing = smtp(failsOnce(join(folder, 'failed-once'), reload));
    await host.send('deploy', { target: imap(), version: next });
    const before = dovecot.liveFiles.map(identityOf);

    const failed = await host.send('deploy', { target: failing, version: next });
    const undone = await host.send('undo', {
      target: failing,
      header: { deploymentId: failed.deploymentId },
    });

    expect(failed).toMatchObject({ targetId: 'mail-smtp', outcome: 'reload_failed' });
    expect(undone.outcome).toBe('restored');
    expect(dovecot.liveFiles.map(identityOf)).toEqual(before);
    expect(await postfix.served()).toBe(first.fingerprint);
    expect(await dovecot.served()).toBe(next.fingerprint);

    expect(await host.send('rollback', { target: imap() })).toMatchObject({
      outcome: 'applied',
      served: true,
    });
    expect(await dovecot.served()).toBe(first.fingerprint);
    expect(await host.send('rollback', { target: smtp() })).toMatchObject({ outcome: 'rejected' });
  });

  test('Two targets of one certificate on one host are deployed at the same time without a warning', async () => {
    const { postfix, dovecot, smtp, imap, host } = await aMailHost();
    const [one, other] = [await aVersion(), await aVersion()];
    await host.send('deploy', { target: smtp(), version: one });

    const lines = await Promise.all([
      host.send('deploy', { target: smtp(), version: other }),
      host.send('deploy', { target: imap(), version: one }),
    ]);

    expect(lines.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    await expect.poll(() => postfix.served()).toBe(other.fingerprint);
    await expect.poll(() => dovecot.served()).toBe(one.fingerprint);
  });
});
