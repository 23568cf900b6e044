import { on } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { Target } from '../../core/targets/target.ts';
import { identityOf, scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { observe, versionOf } from '../core/tls-probe/endpoints.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { type DovecotSite, dovecotDaemon, dovecotSite } from '../rigs/dovecot.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedAfterStarttls } from '../rigs/served-after-starttls.ts';
import { connectorContract } from './connector.ts';
import { killedContract } from './killed.ts';

connectorContract(dovecotDaemon);
killedContract(dovecotDaemon, { window: /^rename\(.*fullchain\.pem/ });

const scratch = scratchFolder();
let count = 0;
let running: DovecotSite | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function aRunningDovecot() {
  const folder = join(scratch, `${++count}`);
  mkdirSync(folder);
  const site = await dovecotSite(folder);
  running = site;
  const first = await aVersion();
  site.installByHand(first);
  await site.start();
  const target = (changes: object = {}, verify: object = {}): Target =>
    aTarget('dovecot', { ...site.config, ...changes }, { ...site.verify, ...verify });
  const live = () => site.liveFiles.map(identityOf);
  return { site, folder, first, target, live, host: testHost(join(folder, 'home')) };
}

const needs = [...dovecotDaemon.needs, program('openssl'), program('unshare', 'util-linux'), root];

describeWith(needs, 'dovecot', () => {
  test.each(['imap', 'pop3', 'sieve'] as const)(
    'dovecot serves the new leaf after STARTTLS of %s',
    async (protocol) => {
      const { site, host, target } = await aRunningDovecot();
      const next = await aVersion();
      const port = site.ports[protocol];

      const line = await host.send('deploy', {
        target: target({}, { endpoint: `127.0.0.1:${port}`, protocol }),
        version: next,
      });

      expect(line).toMatchObject({ outcome: 'applied', served: true });
      expect(await servedAfterStarttls(port, protocol)).toBe(next.fingerprint);
    },
  );

  test('dovecot serves no TLS when the new leaf has another key, which its check does not detect, and the deployment is rolled back', async () => {
    const { site, host, folder, first, target, live } = await aRunningDovecot();
    const before = live();
    const next = await aVersion();
    const wrong = target({ keyPath: join(folder, 'tls/another-key.pem') });

    const line = await host.send('deploy', { target: wrong, version: next });
    const seen = await Promise.all([
      observe(site.ports.imaps, versionOf(next)),
      observe(site.ports.imap, versionOf(next), { protocol: 'imap' }),
      observe(site.ports.pop3, versionOf(next), { protocol: 'pop3' }),
      observe(site.ports.sieve, versionOf(next), { protocol: 'sieve' }),
    ]);
    const undone = await host.send('undo', {
      target: wrong,
      header: { deploymentId: line.deploymentId },
    });

    expect(line).toMatchObject({ outcome: 'applied', served: null });
    expect(seen.map(({ ok }) => ok)).toEqual([false, false, false, false]);
    expect(undone).toMatchObject({ outcome: 'restored', served: true });
    expect(live()).toEqual(before);
    expect(await site.served()).toBe(first.fingerprint);
  });

  test('dovecot finds the same in a rehearsal, before anything is touched', async () => {
    const { site, host, folder, first, target, live } = await aRunningDovecot();
    const before = live();
    const wrong = target({ keyPath: join(folder, 'tls/another-key.pem'), rehearse: true });

    const line = await host.send('deploy', { target: wrong, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'sandbox' });
    expect(line.summary).toContain('the connection was closed before the handshake completed');
    expect(live()).toEqual(before);
    expect(await site.served()).toBe(first.fingerprint);
  });

  test('dovecot finds in a rehearsal a name whose own certificate hides the new one', async () => {
    const { site, host, folder, target, live } = await aRunningDovecot();
    const hiding = await aVersion();
    site.hideBehind('www.example.test', hiding, folder);
    const before = live();

    const line = await host.send('deploy', { target: target({ rehearse: true }), version: await aVersion() });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain(`serves ${hiding.fingerprint.slice(0, 19)}`);
    expect(live()).toEqual(before);
  });

  test('dovecot keeps an authenticated session alive, with the certificate that the session started with', async () => {
    const { site, host, target } = await aRunningDovecot();
    const session = await loggedIn(site.ports.imaps);

    const line = await host.send('deploy', { target: target(), version: await aVersion() });
    const answer = await session.ask('b NOOP');
    session.end();

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(answer).toMatch(/^b OK NOOP completed/);
  });

  test('A rehearsal of dovecot passes with valid files, and the live daemon is not disturbed', async () => {
    const { site, host, target } = await aRunningDovecot();
    const next = await aVersion();

    const line = await host.send('deploy', { target: target({ rehearse: true }), version: next });

    expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
    expect(site.starts()).toBe(1);
    expect(await site.served()).toBe(next.fingerprint);
  });
});

/** A session over IMAPS: each command returns the last line of its response. */
async function loggedIn(port: number) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  socket.setEncoding('utf8');
  const answerTo = async (tag: string): Promise<string> => {
    for await (const [chunk] of on(socket, 'data', { close: ['close'] })) {
      const line = String(chunk)
        .split('\r\n')
        .find((text) => text.startsWith(`${tag} `));
      if (line !== undefined) return line;
    }
    return 'the connection was closed';
  };
  const ask = (question: string): Promise<string> => {
    const answer = answerTo(question.split(' ')[0] ?? '');
    socket.write(`${question}\r\n`);
    return answer;
  };
  await answerTo('*');
  expect(await ask('a LOGIN somebody anything')).toMatch(/^a OK /);
  return { ask, end: () => socket.destroy() };
}
