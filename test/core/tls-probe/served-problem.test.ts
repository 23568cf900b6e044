import { beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { anAuthority, aVersion } from '../../fixtures/certificates.ts';
import { served, versionOf } from './endpoints.ts';
import { anExpiredVersion, observing, useEndpoints } from './use-endpoints.ts';

let version: IssuedCertificate;
let older: IssuedCertificate;
const { serve } = useEndpoints();
const observe = observing(() => version);

beforeAll(async () => {
  version = await aVersion();
  older = await anExpiredVersion();
});

describe('what is served', () => {
  test('The judgement of a served certificate is right when leaf, chain and name are those of the version', async () => {
    const { port } = await serve(served(version));

    expect(await observe(port)).toEqual({
      address: `127.0.0.1:${port}`,
      fingerprint: version.fingerprint,
      ok: true,
      problem: null,
    });
  });

  test('The judgement of a served certificate is right with the root sent too', async () => {
    const { rootPem } = await anAuthority();
    const { port } = await serve({ ...served(version), cert: version.fullchainPem + rootPem });

    expect((await observe(port)).ok).toBe(true);
  });

  test('An older version that is still served is reported with its name and expiry', async () => {
    const { port } = await serve(served(older));

    expect(await observe(port)).toEqual({
      address: `127.0.0.1:${port}`,
      fingerprint: older.fingerprint,
      ok: false,
      problem: `serves ${older.fingerprint.slice(0, 19)}… (CN=www.example.test, valid until 2026-01-31), not ${version.fingerprint.slice(0, 19)}…`,
    });
  });

  test('The judgement of a served certificate is right after a rollback to a version that has expired since', async () => {
    const { port } = await serve(served(older));

    expect((await observe(port, {}, versionOf(older))).ok).toBe(true);
  });

  test('The judgement of a served certificate is wrong without an intermediate, unless the chain is not asked for', async () => {
    const { port } = await serve({ ...served(version), cert: version.certPem });
    const [intermediate = ''] = versionOf(version).chain;

    expect((await observe(port)).problem).toBe(`intermediate ${intermediate.slice(0, 19)}… is not sent`);
    expect((await observe(port, { requireChain: false })).ok).toBe(true);
  });

  test('The judgement of a served certificate is wrong with the intermediates in another order', async () => {
    const { rootPem } = await anAuthority();
    const { port } = await serve({ ...served(version), cert: version.certPem + rootPem + version.chainPem });

    expect((await observe(port)).problem).toMatch(/^intermediate sha256:[0-9a-f]{12}… is sent out of order$/);
    expect((await observe(port, {}, null)).problem).toBe(
      'the chain is broken: certificate 1 (CN=www.example.test) is not signed by the next one sent (CN=Test Root)',
    );
  });

  test('The judgement of a served certificate is wrong with the intermediate of another authority of the same name', async () => {
    const impostor = await createAuthority({ name: 'Test', intermediate: true });
    const { port } = await serve({ ...served(version), cert: version.certPem + impostor.intermediatePem });

    expect((await observe(port, {}, null)).problem).toMatch(/^the chain is broken: certificate 1 /);
  });

  test('The judgement of a served certificate is wrong where names fit but the signature does not', async () => {
    const der = Buffer.from(version.certPem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1); // the signature's last byte
    const forged = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const { port } = await serve({ ...served(version), cert: forged + version.chainPem });

    expect((await observe(port, {}, null)).problem).toMatch(/^the chain is broken: certificate 1 /);
  });

  test('The judgement of a served certificate is anything at all when no version is expected', async () => {
    const { port } = await serve(served(older));

    expect(await observe(port, {}, null)).toMatchObject({ ok: true, fingerprint: older.fingerprint });
  });

  test('The judgement of a served certificate has to cover the server name', async () => {
    const { port } = await serve(served(version));

    expect((await observe(port, { serverName: 'api.example.com' })).problem).toBe(
      'does not cover api.example.com (it is for www.example.test)',
    );
    expect((await observe(port, { serverName: 'www.example.test.evil.test' }, null)).ok).toBe(false);
  });

  test('The judgement of a served certificate covers by wildcard one label only', async () => {
    const wild = await aVersion({ names: ['*.example.test', 'example.test'] });
    const { port } = await serve(served(wild));

    expect((await observe(port, { serverName: 'a.example.test' }, versionOf(wild))).ok).toBe(true);
    expect((await observe(port, { serverName: 'example.test' }, versionOf(wild))).ok).toBe(true);
    expect((await observe(port, { serverName: 'a.b.example.test' }, versionOf(wild))).ok).toBe(false);
  });

  test('The judgement of a served certificate covers an address by an address only', async () => {
    const both = await aVersion({ names: ['www.example.test', '127.0.0.1'] });
    const { port } = await serve(served(both));

    expect((await observe(port, { serverName: '127.0.0.1' }, versionOf(both))).ok).toBe(true);
    expect((await observe(port, { serverName: '127.0.0.2' }, versionOf(both))).problem).toBe(
      'does not cover 127.0.0.2 (it is for www.example.test, 127.0.0.1)',
    );
  });

  test('No name is required if neither the endpoint nor the target has one', async () => {
    const { port } = await serve(served(version));

    expect((await observe(port, { serverName: undefined })).ok).toBe(true);
  });

  test('The judgement of a served certificate does not list a hundred names in one sentence', async () => {
    const many = await aVersion({ names: Array.from({ length: 100 }, (_, at) => `n${at}.example.test`) });
    const { port } = await serve(served(many));

    expect((await observe(port, {}, versionOf(many))).problem).toBe(
      'does not cover www.example.test (it is for n0.example.test, n1.example.test, n2.example.test, n3.example.test, n4.example.test and 95 more)',
    );
  });
});
