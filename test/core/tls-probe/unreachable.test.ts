import { beforeAll, describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, verifyOf, versionOf } from './endpoints.ts';
import { observing, useEndpoints } from './use-endpoints.ts';

let version: IssuedCertificate;
const { serve, serveRaw } = useEndpoints();
const observe = observing(() => version);

beforeAll(async () => {
  version = await aVersion();
});

describe('nothing to be seen', () => {
  test('A port without a listener serves nothing', async () => {
    const endpoint = await serveRaw(() => {});
    await endpoint.close();

    expect((await observe(endpoint.port)).problem).toBe('connection refused');
  });

  test('A silent address serves nothing, and the socket is closed', async () => {
    const endpoint = await serveRaw((socket) => void socket.resume());

    expect((await observe(endpoint.port, { timeoutSeconds: 1 })).problem).toBe('no answer within 1 s');
    await endpoint.quiet();
  });

  test('A probe reads nothing where the server drips one byte at a time for ever', async () => {
    const endpoint = await serveRaw((socket) => {
      const drip = setInterval(() => socket.write(Buffer.of(0x16)), 50);
      socket.resume().on('close', () => clearInterval(drip));
    });

    expect((await observe(endpoint.port, { timeoutSeconds: 1 })).ok).toBe(false);
    await endpoint.quiet();
  });

  test.each(['tls', 'smtp'] as const)(
    'A probe reads nothing once the time for looking is up, in %s',
    async (protocol) => {
      const time = new AbortController();
      const endpoint = await serveRaw((socket) => {
        socket.resume();
        time.abort();
      });
      const question = {
        verify: verifyOf(endpoint.port, { protocol, successThreshold: 1, timeoutSeconds: 60 }),
        version: versionOf(version),
        signal: time.signal,
      };

      const [first] = await probe(question);
      const [second] = await probe(question);

      expect(first).toMatchObject({
        ok: false,
        fingerprint: null,
        problem: 'the probe was stopped: its time ran out',
      });
      expect(second).toEqual(first);
      expect(endpoint.accepted()).toBe(1);
      await endpoint.quiet();
    },
  );

  test('A probe reads nothing where the connection is closed', async () => {
    const ended = await serveRaw((socket) => void socket.end());
    const reset = await serveRaw((socket) => void socket.once('data', () => socket.resetAndDestroy()));

    for (const { port } of [ended, reset]) {
      expect((await observe(port)).problem).toBe('the connection was closed before the handshake completed');
    }
  });

  test('A probe reads nothing where the port begins in clear', async () => {
    const { port } = await serveRaw((socket) => void socket.write('220 mail.example.test ESMTP\r\n'));

    expect((await observe(port)).problem).toBe(
      'the answer is not TLS (does the port need STARTTLS? set protocol)',
    );
  });

  test('A probe reads nothing where the server has no certificate to serve', async () => {
    const { port } = await serve({});

    expect((await observe(port)).problem).toMatch(/^the TLS handshake failed: .*handshake failure/);
  });

  test('A probe reads nothing where the name does not resolve', async () => {
    const verify = verifyOf(443, { endpoint: 'nowhere.invalid:443' });

    const [observation] = await probe({ verify, version: versionOf(version) });

    expect(observation).toMatchObject({ address: 'nowhere.invalid:443', ok: false, fingerprint: null });
    expect(observation?.problem).toMatch(/^the name (does not resolve|server does not answer)/);
  });

  test('A probe reads nothing in a handshake that broke off before the server proved that it has the key', async () => {
    // with static RSA only the server's last message proves it, and this server never gets that far
    const rsa = await aVersion({ keyType: 'rsa2048' });
    const { port } = await serve({
      ...served(rsa),
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-GCM-SHA256',
      requestCert: true,
      rejectUnauthorized: true,
    });

    expect(await observe(port, {}, versionOf(rsa, 'rsa'))).toMatchObject({ ok: false, fingerprint: null });
  });
});
