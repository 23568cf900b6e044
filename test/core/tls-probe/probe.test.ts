import type { Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import type { Observation } from '../../../core/deployment/agent-line.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { anAuthority, aVersion } from '../../factories/certificates.ts';
import { type Endpoint, served, serveTcp, serveTls, verifyOf, versionOf } from './endpoints.ts';

let version: IssuedCertificate;
let older: IssuedCertificate;
const endpoints: Endpoint[] = [];

beforeAll(async () => {
  version = await aVersion();
  older = await aVersion({
    notAfter: new Date('2026-01-31T12:00:00Z'),
    notBefore: new Date('2025-11-01T00:00:00Z'),
  });
});

afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
});

async function serve(...args: Parameters<typeof serveTls>): Promise<Endpoint> {
  const endpoint = await serveTls(...args);
  endpoints.push(endpoint);
  return endpoint;
}

async function serveRaw(attend: (socket: Socket) => void): Promise<Endpoint> {
  const endpoint = await serveTcp(attend);
  endpoints.push(endpoint);
  return endpoint;
}

/** The one observation of a server on 127.0.0.1. */
async function observe(
  port: number,
  known: Record<string, unknown> = {},
  expected: VersionFacts | null = versionOf(version),
): Promise<Observation> {
  const observations = await probe({ verify: verifyOf(port, known), version: expected });
  expect(observations).toHaveLength(1);
  const [observation] = observations;
  if (observation === undefined) throw new Error('nothing was observed');
  return observation;
}

describe('what is presented', () => {
  test('is right when leaf, chain and name are those of the version', async () => {
    const { port } = await serve(served(version));

    expect(await observe(port)).toEqual({
      address: `127.0.0.1:${port}`,
      fingerprint: version.fingerprint,
      ok: true,
      problem: null,
    });
  });

  test('is right with the root sent too', async () => {
    const { rootPem } = await anAuthority();
    const { port } = await serve({ ...served(version), cert: version.fullchainPem + rootPem });

    expect((await observe(port)).ok).toBe(true);
  });

  test('is wrong while an older version is still there, and says which and until when', async () => {
    const { port } = await serve(served(older));

    expect(await observe(port)).toEqual({
      address: `127.0.0.1:${port}`,
      fingerprint: older.fingerprint,
      ok: false,
      problem: `presents ${older.fingerprint.slice(0, 19)}… (CN=www.example.test, valid until 2026-01-31), not ${version.fingerprint.slice(0, 19)}…`,
    });
  });

  test('is right after a rollback to a version that has expired since', async () => {
    const { port } = await serve(served(older));

    expect((await observe(port, {}, versionOf(older))).ok).toBe(true);
  });

  test('is wrong without an intermediate, unless the chain is not asked for', async () => {
    const { port } = await serve({ ...served(version), cert: version.certPem });
    const [intermediate = ''] = versionOf(version).chain;

    expect((await observe(port)).problem).toBe(`intermediate ${intermediate.slice(0, 19)}… is not sent`);
    expect((await observe(port, { requireChain: false })).ok).toBe(true);
  });

  test('is wrong with the intermediates in another order', async () => {
    const { rootPem } = await anAuthority();
    const { port } = await serve({ ...served(version), cert: version.certPem + rootPem + version.chainPem });

    expect((await observe(port)).problem).toMatch(/^intermediate sha256:[0-9a-f]{12}… is sent out of order$/);
    expect((await observe(port, {}, null)).problem).toBe(
      'the chain is broken: certificate 1 (CN=www.example.test) is not signed by the next one sent (CN=Test Root)',
    );
  });

  test('is wrong with the intermediate of another authority of the same name', async () => {
    const impostor = await createAuthority({ name: 'Test', intermediate: true });
    const { port } = await serve({ ...served(version), cert: version.certPem + impostor.intermediatePem });

    expect((await observe(port, {}, null)).problem).toMatch(/^the chain is broken: certificate 1 /);
  });

  test('is anything at all when no version is expected', async () => {
    const { port } = await serve(served(older));

    expect(await observe(port, {}, null)).toMatchObject({ ok: true, fingerprint: older.fingerprint });
  });

  test('has to cover the server name', async () => {
    const { port } = await serve(served(version));

    expect((await observe(port, { serverName: 'api.example.com' })).problem).toBe(
      'does not cover api.example.com (it is for www.example.test)',
    );
    expect((await observe(port, { serverName: 'www.example.test.evil.test' }, null)).ok).toBe(false);
  });

  test('covers by wildcard one label only', async () => {
    const wild = await aVersion({ names: ['*.example.test', 'example.test'] });
    const { port } = await serve(served(wild));

    expect((await observe(port, { serverName: 'a.example.test' }, versionOf(wild))).ok).toBe(true);
    expect((await observe(port, { serverName: 'example.test' }, versionOf(wild))).ok).toBe(true);
    expect((await observe(port, { serverName: 'a.b.example.test' }, versionOf(wild))).ok).toBe(false);
  });

  test('covers an address by an address only', async () => {
    const both = await aVersion({ names: ['www.example.test', '127.0.0.1'] });
    const { port } = await serve(served(both));

    expect((await observe(port, { serverName: '127.0.0.1' }, versionOf(both))).ok).toBe(true);
    expect((await observe(port, { serverName: '127.0.0.2' }, versionOf(both))).problem).toBe(
      'does not cover 127.0.0.2 (it is for www.example.test, 127.0.0.1)',
    );
  });

  test('needs no name where neither the endpoint nor the target says one', async () => {
    const { port } = await serve(served(version));

    expect((await observe(port, { serverName: undefined })).ok).toBe(true);
  });

  test('does not list a hundred names in one sentence', async () => {
    const many = await aVersion({ names: Array.from({ length: 100 }, (_, at) => `n${at}.example.test`) });
    const { port } = await serve(served(many));

    expect((await observe(port, {}, versionOf(many))).problem).toBe(
      'does not cover www.example.test (it is for n0.example.test, n1.example.test, n2.example.test, n3.example.test, n4.example.test and 95 more)',
    );
  });
});

describe('the handshake', () => {
  test('asks by SNI for the server name, and for nothing at a bare address', async () => {
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

  test('is made anew each time: no session is resumed', async () => {
    const endpoint = await serve(served(version));

    expect(await observe(endpoint.port, { consecutive: 5 })).toMatchObject({ ok: true });

    expect(endpoint.accepted()).toBe(5);
  });

  test('that shows another certificate now and then is not verified by the ones before it', async () => {
    const next = [version, version, older];
    const endpoint = await serve({
      ...served(version),
      SNICallback: (_, done) =>
        void import('node:tls').then((tls) =>
          done(null, tls.createSecureContext(served(next.shift() ?? version))),
        ),
    });

    expect(await observe(endpoint.port, { consecutive: 5 })).toMatchObject({
      ok: false,
      fingerprint: older.fingerprint,
      problem: expect.stringMatching(/^handshake 3 of 5: presents /),
    });
    expect(endpoint.accepted()).toBe(3);
  });

  test.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)(
    'reaches a server that speaks %s alone',
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
    'reads a leaf with a %s key, in TLS 1.2 and 1.3',
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
    'sees the certificate of a server that demands one itself (%s)',
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

  test('asks for little: its first message fits into one packet', async () => {
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

  test.each(settings)('is asked for the one that was deployed: %o', async (setting) => {
    const [rsa, ec] = [await aVersion({ keyType: 'rsa2048' }), version];
    const both = { cert: [rsa.fullchainPem, ec.fullchainPem], key: [rsa.keyPem, ec.keyPem] };
    const { port } = await serve({ ...both, ...setting });

    expect((await observe(port, {}, versionOf(rsa, 'rsa'))).problem).toBeNull();
    expect((await observe(port, {}, versionOf(ec, 'ec'))).problem).toBeNull();
  });

  test('that lacks the deployed one shows the one it has', async () => {
    const rsa = await aVersion({ keyType: 'rsa2048' });
    const { port } = await serve(served(rsa));

    expect(await observe(port)).toMatchObject({ ok: false, fingerprint: rsa.fingerprint });
  });
});

describe('nothing to be seen', () => {
  test('where nobody listens', async () => {
    const endpoint = await serveRaw(() => {});
    await endpoint.close();

    expect((await observe(endpoint.port)).problem).toBe('connection refused');
  });

  test('where nobody answers, and the socket is let go', async () => {
    const endpoint = await serveRaw((socket) => void socket.resume());

    expect((await observe(endpoint.port, { timeoutSeconds: 1 })).problem).toBe('no answer within 1 s');
    await endpoint.quiet();
  });

  test('where the server drips one byte at a time for ever', async () => {
    const endpoint = await serveRaw((socket) => {
      const drip = setInterval(() => socket.write(Buffer.of(0x16)), 50);
      socket.resume().on('close', () => clearInterval(drip));
    });

    expect((await observe(endpoint.port, { timeoutSeconds: 1 })).ok).toBe(false);
    await endpoint.quiet();
  });

  test('where the connection is closed', async () => {
    const ended = await serveRaw((socket) => void socket.end());
    const reset = await serveRaw((socket) => void socket.once('data', () => socket.resetAndDestroy()));

    for (const { port } of [ended, reset]) {
      expect((await observe(port)).problem).toBe('the connection was closed before the handshake was over');
    }
  });

  test('where the port begins in clear', async () => {
    const { port } = await serveRaw((socket) => void socket.write('220 mail.example.test ESMTP\r\n'));

    expect((await observe(port)).problem).toBe(
      'it does not answer in TLS (does the port begin in clear, with STARTTLS?)',
    );
  });

  test('where the server has no certificate to present', async () => {
    const { port } = await serve({});

    expect((await observe(port)).problem).toMatch(/^the TLS handshake failed: .*handshake failure/);
  });

  test('where the name does not resolve', async () => {
    const verify = verifyOf(443, { endpoint: 'nowhere.invalid:443' });

    const [observation] = await probe({ verify, version: versionOf(version) });

    expect(observation).toMatchObject({ address: 'nowhere.invalid:443', ok: false, fingerprint: null });
    expect(observation?.problem).toMatch(/^the name (does not resolve|server does not answer)/);
  });

  test('in a handshake that broke off before the server proved that it has the key', async () => {
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
