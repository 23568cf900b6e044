import type { LookupAddress } from 'node:dns';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { inspectEndpoint } from '../../../core/tls-probe/inspect-endpoint.ts';
import { judgeProbe } from '../../../core/tls-probe/judge-probe.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { type Endpoint, served, serveTls, verifyOf, versionOf } from './endpoints.ts';

/** What the name server says. Names with several addresses on loopback are not to be had for real. */
let resolve: () => Promise<LookupAddress[]>;
vi.mock('node:dns/promises', () => ({ lookup: () => resolve() }));

let current: IssuedCertificate;
let older: IssuedCertificate;
const endpoints: Endpoint[] = [];

beforeAll(async () => {
  [current, older] = await Promise.all([aVersion(), aVersion()]);
});

beforeEach(() => {
  named('127.0.0.1');
});

afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
});

/**
 * Linux refuses TCP to a multicast address at once with ENETUNREACH, as it does for a family without a route, and
 * sends nothing.
 */
const unroutable = { v4: '224.0.0.1', v6: 'ff0e::1' };

function named(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  resolve = async () => found;
}

/** Serves the versions on 127.0.0.1, 127.0.0.2, …, all on one port. */
async function serveEach(...versions: IssuedCertificate[]): Promise<number> {
  let port = 0;
  for (const [at, version] of versions.entries()) {
    const endpoint = await serveTls(served(version), `127.0.0.${at + 1}`, port);
    endpoints.push(endpoint);
    port = endpoint.port;
  }
  return port;
}

async function lookedAt(port: number, known: Record<string, unknown> = {}) {
  const verify = verifyOf(port, { endpoint: `www.example.test:${port}`, ...known });
  const observations = await probe({ verify, version: versionOf(current) });
  return { observations, ...judgeProbe(observations, verify) };
}

const fingerprintStart = () => current.fingerprint.slice(0, 19);

describe('a name with several addresses', () => {
  test('A name with several addresses is verified when every one serves the version', async () => {
    const port = await serveEach(current, current);
    named('127.0.0.1', '127.0.0.2', '127.0.0.1');

    const seen = await lookedAt(port, { successThreshold: 2 });

    expect(seen.observations.map(({ address, ok }) => [address, ok])).toEqual([
      [`127.0.0.1:${port}`, true],
      [`127.0.0.2:${port}`, true],
    ]);
    expect(seen).toMatchObject({
      verified: true,
      summary: `www.example.test:${port} serves ${fingerprintStart()}… on 2 of 2 addresses, 2 handshakes each`,
    });
  });

  test('A name with several addresses is not verified while one still serves another, unless one is enough', async () => {
    const port = await serveEach(current, older);
    named('127.0.0.1', '127.0.0.2');

    const all = await lookedAt(port);
    const any = await lookedAt(port, { addresses: 'any' });

    expect(all.verified).toBe(false);
    expect(all.summary).toMatch(
      new RegExp(
        `^1 of 2 addresses of www.example.test:${port} are wrong: 127.0.0.2:${port}: serves sha256:`,
      ),
    );
    expect(any).toMatchObject({
      verified: true,
      summary: `www.example.test:${port} serves ${fingerprintStart()}… on 1 of 2 addresses`,
    });
  });

  test('A name with several addresses is not verified while one refuses connections', async () => {
    const port = await serveEach(current);
    named('127.0.0.1', '127.0.0.2');

    expect(await lookedAt(port)).toMatchObject({
      verified: false,
      summary: `1 of 2 addresses of www.example.test:${port} are wrong: 127.0.0.2:${port}: connection refused`,
    });
  });

  test('A name with several addresses is judged without the family that has no route, and the result states it', async () => {
    const port = await serveEach(current);
    named(unroutable.v6, '127.0.0.1');

    expect(await lookedAt(port)).toEqual({
      observations: [
        {
          address: `[${unroutable.v6}]:${port}`,
          fingerprint: null,
          ok: true,
          problem: 'not probed: this machine has no route to it (ENETUNREACH)',
        },
        { address: `127.0.0.1:${port}`, fingerprint: current.fingerprint, ok: true, problem: null },
      ],
      verified: true,
      unavailable: false,
      summary: `www.example.test:${port} serves ${fingerprintStart()}…; [${unroutable.v6}]:${port}: not probed: this machine has no route to it (ENETUNREACH)`,
    });
  });

  test('A name with several addresses is not verified when there is a route to none of its addresses', async () => {
    named(unroutable.v6);

    expect(await lookedAt(443)).toMatchObject({
      verified: false,
      unavailable: true,
      summary: `[${unroutable.v6}]:443: this machine has no route to it (ENETUNREACH)`,
    });
  });

  test('A name with several addresses is not verified without an address of a family that can be reached', async () => {
    const port = await serveEach(current);
    named(unroutable.v4, '127.0.0.1');

    expect((await lookedAt(port)).verified).toBe(false);
  });

  test('A name with several addresses keeps the family without a route when the other serves the previous certificate', async () => {
    const port = await serveEach(older);
    named(unroutable.v6, '127.0.0.1');

    expect(await lookedAt(port)).toMatchObject({
      verified: false,
      summary: expect.stringMatching(/^127\.0\.0\.1:\d+: serves .*; \[ff0e::1\]:\d+: not probed/),
    });
  });
});

describe('a name with many addresses', () => {
  test('A name with more than 32 addresses is not probed', async () => {
    named(...Array.from({ length: 33 }, (_, at) => `127.0.1.${at + 1}`));

    expect(await lookedAt(443)).toMatchObject({
      observations: [{ address: 'www.example.test:443' }],
      verified: false,
      summary:
        'www.example.test:443: www.example.test has 33 addresses; at most 32 are probed. Use a name with fewer addresses.',
    });
  });
});

describe('a name server', () => {
  test('A name server that does not answer is not waited for', async () => {
    resolve = () => new Promise(() => {});

    expect(await lookedAt(443, { timeoutSeconds: 1 })).toMatchObject({
      verified: false,
      summary: 'www.example.test:443: the name server does not answer for www.example.test within 1 s',
    });
  });

  test('A failing name server is distinguished from a name that does not exist', async () => {
    resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));
    expect((await lookedAt(443)).summary).toBe('www.example.test:443: the name server does not answer');

    resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    expect((await lookedAt(443)).summary).toBe('www.example.test:443: the name does not resolve');
    await expect(
      inspectEndpoint({ endpoint: 'www.example.test:443', protocol: 'tls', timeoutSeconds: 1 }, new Date()),
    ).rejects.toMatchObject({ name: 'ProbeFailed', message: 'the name does not resolve' });
  });

  test('A name without addresses leaves nothing to probe', async () => {
    named();

    expect(await lookedAt(443)).toMatchObject({
      observations: [],
      verified: false,
      summary: 'www.example.test:443: no address to probe',
    });
  });
});
