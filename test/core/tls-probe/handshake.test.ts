import { beforeAll, describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, versionOf } from './endpoints.ts';
import { anExpiredVersion, observing, useEndpoints } from './use-endpoints.ts';

let version: IssuedCertificate;
let older: IssuedCertificate;
const { serve, serveRaw } = useEndpoints();
const observe = observing(() => version);

beforeAll(async () => {
  version = await aVersion();
  older = await anExpiredVersion();
});

describe('the handshake', () => {
  test('The handshake asks by SNI for the server name, and for nothing at a bare address', async () => {
    const asked: (string | false)[] = [];
    const SNICallback = (name: string, done: (error: null) => void) => {
      asked.push(name);
      done(null);
    };
    const { port } = await serve({ ...served(version), SNICallback });

    await observe(port, { serverName: 'www.example.test' });
    await observe(port, { serverName: undefined });
    await observe(port, { serverName: '127.0.0.1' });

    expect(asked).toEqual(['www.example.test']);
  });

  test('Every handshake is a full one: no session is resumed', async () => {
    const endpoint = await serve(served(version));

    expect(await observe(endpoint.port, { successThreshold: 5 })).toMatchObject({ ok: true });

    expect(endpoint.accepted()).toBe(5);
  });

  test('A handshake that gets another certificate now and then fails the probe, which names the share', async () => {
    const next = [version, version, older];
    const endpoint = await serve({
      ...served(version),
      SNICallback: (_, done) =>
        void import('node:tls').then((tls) =>
          done(null, tls.createSecureContext(served(next.shift() ?? version))),
        ),
    });

    expect(await observe(endpoint.port, { successThreshold: 5 })).toMatchObject({
      ok: false,
      fingerprint: version.fingerprint,
      problem: expect.stringMatching(/^1 of 5 handshakes: serves /),
    });
    expect(endpoint.accepted()).toBe(5);
  });

  test.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)(
    'The handshake reaches a server that speaks %s alone',
    async (only) => {
      const { port } = await serve({
        ...served(version),
        minVersion: only,
        maxVersion: only,
        ciphers: 'DEFAULT:@SECLEVEL=0',
      });

      expect((await observe(port)).problem).toBeNull();
    },
  );

  test.each(['p384', 'p521', 'ed25519', 'rsa2048'] as const)(
    'The handshake reads a leaf with a %s key, in TLS 1.2 and 1.3',
    async (keyType) => {
      const keyAlgorithm = keyType === 'ed25519' ? 'ed25519' : keyType === 'rsa2048' ? 'rsa' : 'ec';
      const issued = await aVersion({ keyType });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { port } = await serve({ ...served(issued), maxVersion });
        expect((await observe(port, {}, versionOf(issued, keyAlgorithm))).problem).toBeNull();
      }
    },
  );

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'The handshake sees the certificate of a server that demands one itself (%s)',
    async (maxVersion) => {
      const { port } = await serve({
        ...served(version),
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion,
      });

      expect((await observe(port)).problem).toBeNull();
    },
  );

  test('The handshake asks for little: its first message fits into one packet', async () => {
    let greeting = Buffer.alloc(0);
    const { port } = await serveRaw((socket) => {
      socket.once('data', (hello) => {
        greeting = hello;
        socket.end();
      });
    });

    await observe(port);

    expect(greeting[0]).toBe(0x16); // a TLS handshake record
    expect(greeting.length).toBeGreaterThan(5);
    expect(greeting.length).toBe(greeting.readUInt16BE(3) + 5);
    expect(greeting.length).toBeLessThan(600);
  });
});

describe('a server with an RSA and an ECDSA certificate', () => {
  const settings = [
    { maxVersion: 'TLSv1.3' },
    { maxVersion: 'TLSv1.2' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' },
    {
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
      honorCipherOrder: true,
    },
  ] as const;

  test.each(settings)(
    'A server with an RSA and an ECDSA certificate is asked for the one that was deployed: %o',
    async (setting) => {
      const [rsa, ec] = [await aVersion({ keyType: 'rsa2048' }), version];
      const both = { cert: [rsa.fullchainPem, ec.fullchainPem], key: [rsa.keyPem, ec.keyPem] };
      const { port } = await serve({ ...both, ...setting });

      expect((await observe(port, {}, versionOf(rsa, 'rsa'))).problem).toBeNull();
      expect((await observe(port, {}, versionOf(ec, 'ec'))).problem).toBeNull();
    },
  );

  test('A second handshake for the other key algorithm does not excuse a second listener with the previous certificate', async () => {
    const [rsa, ec] = [await aVersion({ keyType: 'rsa2048' }), version];
    const next = [ec, ec, rsa];
    const { port } = await serve({
      ...served(ec),
      SNICallback: (_, done) =>
        void import('node:tls').then((tls) =>
          done(null, tls.createSecureContext(served(next.shift() ?? ec))),
        ),
    });

    // the fourth connection is the second handshake of the third sample, and gets the deployed leaf
    expect(await observe(port, { successThreshold: 4 }, versionOf(ec, 'ec'))).toMatchObject({
      ok: false,
      fingerprint: ec.fingerprint,
      problem: expect.stringMatching(/^1 of 4 handshakes: serves /),
    });
  });

  test('A server with an RSA and an ECDSA certificate that lacks the deployed one shows the one it has', async () => {
    const rsa = await aVersion({ keyType: 'rsa2048' });
    const { port } = await serve(served(rsa));

    expect(await observe(port)).toMatchObject({ ok: false, fingerprint: rsa.fingerprint });
  });
});
