import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../../fakes/scripted-service.ts';
import { type SourcesWorld, startSources } from '../../fakes/source-servers.ts';
import { aVersion, createAuthority } from '../../fixtures/certificates.ts';
import { fingerprint } from '../../fixtures/factories.ts';
import { asEncryptedPkcs8 } from '../../fixtures/forms.ts';

let world: SourcesWorld;
beforeEach(async () => {
  world = await startSources();
});
afterEach(() => world.close());

const now = new Date();
const source = {
  kind: 'acm',
  certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b',
} as const;

/** The passphrase of the last export, as it went over the wire. */
const passphrase = () => Buffer.from(String(world.acm.requests.at(-1)?.Passphrase), 'base64').toString();

/** Answers the next export with that version, its key encrypted by openssl with the passphrase of the request. */
function exporting({ certPem, chainPem, keyPem }: { certPem: string; chainPem: string; keyPem: string }) {
  world.acm.answers.push({
    Certificate: certPem,
    CertificateChain: chainPem,
    get PrivateKey() {
      return asEncryptedPkcs8(keyPem, passphrase());
    },
  });
}

describe('a certificate of ACM', () => {
  test('A certificate of ACM is exported with a passphrase of its own each time, and its key opened in memory', async () => {
    const version = await aVersion();
    exporting(version);

    const bundle = await world.sources.fetch({ fingerprint: version.fingerprint, source }, now);
    const first = passphrase();
    await world.sources.latest(source, now);

    expect(bundle).toMatchObject({
      chain: [expect.stringContaining('BEGIN CERTIFICATE')],
      key: version.keyPem,
    });
    expect(world.acm.requests[0]).toMatchObject({ CertificateArn: source.certificateArn });
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(passphrase()).not.toBe(first);
  });

  test('A certificate of ACM has no version but the one it has now', async () => {
    const version = await aVersion();
    exporting(version);

    await expect(world.sources.latest(source, now)).resolves.toMatchObject({
      fingerprint: version.fingerprint,
      source,
    });
    await expect(world.sources.previous(source, now)).resolves.toBeNull();
  });

  test('A certificate of ACM may come from a private CA: the root that its chain may end with is left out', async () => {
    const authority = await createAuthority({ name: 'Private', intermediate: true });
    const version = await authority.issue({ names: ['inside.example.test'] });
    exporting({ ...version, chainPem: version.chainPem + authority.rootPem });

    const bundle = await world.sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(bundle.chain.map((pem) => pem.trim())).toEqual([version.chainPem.trim()]);
  });

  test('A certificate of ACM is another one since it was renewed: a deployment of the previous version is refused', async () => {
    exporting(await aVersion());

    const refused = world.sources.fetch({ fingerprint: fingerprint('before the renewal'), source }, now);

    await expect(refused).rejects.toMatchObject({
      name: 'SourceMismatch',
      message: expect.stringContaining(source.certificateArn),
    });
  });

  test('A certificate of ACM is not handed out for a while after a renewal: a deployment waits, a rollout comes back', async () => {
    const version = await aVersion();
    const busy = refusal('RequestInProgressException', 'The certificate request is in process');
    world.acm.answers.push(busy, busy);
    exporting(version);

    await expect(world.sources.latest(source, now)).rejects.toMatchObject({
      name: 'SourceUnavailable',
      retry: 'later',
      message: expect.stringContaining('RequestInProgressException'),
    });
    await world.sources.fetch({ fingerprint: version.fingerprint, source }, now);

    expect(world.waits).toEqual([500]);
  });

  test('A certificate of ACM that is still not handed out after half a minute ends the deployment', async () => {
    world.acm.answers.push(refusal('RequestInProgressException'));

    const refused = world.sources.fetch({ fingerprint: fingerprint('new'), source }, now);

    await expect(refused).rejects.toMatchObject({ name: 'SourceUnavailable' });
    expect(world.waits.length).toBe(5);
    expect(world.waits.reduce((sum, wait) => sum + 2 * wait, 0)).toBeLessThan(30_000);
  });

  test('A certificate of ACM that may not be exported is not asked for again', async () => {
    world.acm.answers.push(refusal('ValidationException', 'Certificate is not exportable'));

    const refused = world.sources.fetch({ fingerprint: fingerprint('new'), source }, now);

    await expect(refused).rejects.toMatchObject({ name: 'SourceUnfit', retry: 'never' });
    expect(world.waits).toEqual([]);
  });

  test('A certificate of ACM is refused by the rules for bundles without quoting key or passphrase', async () => {
    const [version, other] = [await aVersion(), await aVersion()];
    exporting({ ...version, keyPem: other.keyPem });

    const error = await world.sources.latest(source, now).catch((refused: unknown) => refused);

    expect(error).toMatchObject({ name: 'KeyMismatch', details: { certificateArn: source.certificateArn } });
    expect(JSON.stringify([error, String(error)])).not.toContain(passphrase());
  });

  test('A certificate of ACM whose key does not open is refused', async () => {
    const { certPem, chainPem, keyPem } = await aVersion();
    world.acm.answers.push({
      Certificate: certPem,
      CertificateChain: chainPem,
      PrivateKey: asEncryptedPkcs8(keyPem, 'another passphrase'),
    });

    await expect(world.sources.latest(source, now)).rejects.toMatchObject({
      name: 'WrongPassphrase',
      details: { field: 'privateKey' },
    });
  });
});
