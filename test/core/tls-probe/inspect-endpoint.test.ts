import { afterEach, describe, expect, test } from 'vitest';
import { inspectEndpoint } from '../../../core/tls-probe/inspect-endpoint.ts';
import { startStarttlsServer } from '../../fakes/starttls-servers.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, serveTls, versionOf } from './endpoints.ts';

const closers: { close: () => Promise<void> }[] = [];
const [notBefore, notAfter] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-05-30T00:00:00Z')];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((one) => one.close()));
});

describe('an inspection', () => {
  test('An inspection returns what is served', async () => {
    const version = await aVersion({
      notBefore,
      notAfter,
      names: ['www.example.test', '*.example.test', '127.0.0.1'],
    });
    const server = await serveTls({ ...served(version), maxVersion: 'TLSv1.2' });
    closers.push(server);
    const endpoint = `127.0.0.1:${server.port}`;

    const inspections = await inspectEndpoint(
      { endpoint, serverName: 'www.example.test', protocol: 'tls', timeoutSeconds: 5 },
      new Date('2026-05-20T12:00:00Z'),
    );

    expect(inspections).toEqual([
      {
        address: endpoint,
        problem: null,
        served: {
          tlsVersion: 'TLSv1.2',
          cipher: expect.stringMatching(/^ECDHE-ECDSA-/),
          fingerprint: version.fingerprint,
          subject: 'CN=www.example.test',
          names: ['www.example.test', '*.example.test', '127.0.0.1'],
          issuer: 'CN=Test Intermediate',
          notBefore: notBefore.getTime() / 1000,
          notAfter: notAfter.getTime() / 1000,
          daysLeft: 9,
          chainLength: 2,
          chain: versionOf(version).chain,
          warnings: [],
        },
      },
    ]);
  });

  test('An inspection warns of what clients could reject', async () => {
    const version = await aVersion({ notBefore, notAfter });
    const other = await aVersion();
    const server = await serveTls({ cert: version.certPem + other.certPem, key: version.keyPem });
    closers.push(server);
    const question = { endpoint: `127.0.0.1:${server.port}`, protocol: 'tls', timeoutSeconds: 5 } as const;

    const [late] = await inspectEndpoint(
      { ...question, serverName: 'api.example.com' },
      new Date('2026-06-01T00:00:00Z'),
    );
    const [early] = await inspectEndpoint(question, new Date('2026-02-27T00:00:00Z'));

    expect(late?.served?.daysLeft).toBe(-2);
    expect(late?.served?.warnings).toEqual([
      expect.stringMatching(/^the chain is broken: certificate 1 /),
      'does not cover api.example.com (it is for www.example.test)',
      'has expired',
    ]);
    expect(early?.served?.warnings).toEqual([expect.stringMatching(/^the chain/), 'is not valid yet']);
  });

  test('An inspection goes through STARTTLS, and explains why nothing could be read', async () => {
    const version = await aVersion();
    const [offering, withdrawn] = [
      await startStarttlsServer('smtp', served(version)),
      await startStarttlsServer('smtp', served(version), 'withdrawn'),
    ];
    closers.push(offering, withdrawn);
    const lookAt = (port: number) =>
      inspectEndpoint({ endpoint: `127.0.0.1:${port}`, protocol: 'smtp', timeoutSeconds: 5 }, new Date());

    expect(await lookAt(offering.port)).toMatchObject([{ served: { fingerprint: version.fingerprint } }]);
    expect(await lookAt(withdrawn.port)).toEqual([
      { address: `127.0.0.1:${withdrawn.port}`, problem: 'STARTTLS is not offered', served: null },
    ]);
  });
});
