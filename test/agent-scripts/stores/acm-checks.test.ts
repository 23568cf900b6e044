import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aVersion, createAuthority } from '../../fixtures/certificates.ts';
import { aLeafWith, ExtendedKeyUsage, KeyUsageFlags } from '../../fixtures/leaf-with-usages.ts';
import { bundleOf } from '../run-agent.ts';
import { type AcmSite, anAcmSite, contentOf, desiredOf, fingerprintOf } from './acm-site.ts';

const aBundle = async (request = {}) => bundleOf(await aVersion(request));

describe('checks before the import', () => {
  let site: AcmSite;
  beforeAll(async () => {
    site = await anAcmSite();
  });
  afterAll(() => site.server.close());

  /** The check of a dry run for a bundle over another one; nothing may be imported. */
  async function check(next: Awaited<ReturnType<typeof aBundle>>, before = site.first) {
    site.kept.set(fingerprintOf(before), before);
    const certificateArn = site.server.add(contentOf(before));
    const store = await site.open({ config: { certificateArn, allowIrreversible: true } });
    const { plan, warnings } = await store.plan(desiredOf(next));
    const result = await store.validate(plan, desiredOf(next));
    const from = site.server.requests.length;
    const applied = await store.apply(plan, desiredOf(next)).catch((error: Error) => error.name);
    const imports = site.server.requests.slice(from).filter((name) => name === 'ImportCertificate').length;
    return { ...result, warnings, applied, imports };
  }

  test('A dry run reads only, and reports what it could not check', async () => {
    const store = await site.open();
    const before = site.server.requests.length;
    const next = desiredOf(await aBundle());
    const { plan } = await store.plan(next);

    await expect(store.validate(plan, next)).resolves.toMatchObject({
      kind: 'unsupported',
      why: expect.stringContaining('permission acm:ImportCertificate and the quotas'),
    });
    expect(new Set(site.server.requests.slice(before))).toEqual(
      new Set(['GetCertificate', 'DescribeCertificate']),
    );
  });

  test.each([
    [
      'another key type',
      async () => aBundle({ keyType: 'rsa2048' }),
      /RSA_2048, but the imported.*EC_prime256v1/,
    ],
    ['another key size', async () => aBundle({ keyType: 'p384' }), /EC_secp384r1/],
    ['a key type that ACM does not import', async () => aBundle({ keyType: 'ed25519' }), /no key of Ed25519/],
    ['an expired leaf', async () => aBundle({ notAfter: new Date(Date.now() - 1000) }), /has expired/],
    [
      'a leaf of tomorrow',
      async () => aBundle({ notBefore: new Date(Date.now() + 86_400_000) }),
      /not valid yet/,
    ],
    [
      'a key of more than 5,120 bytes',
      async () => {
        const bundle = await aBundle();
        return { ...bundle, key: bundle.key + '\n'.repeat(5120) };
      },
      /PrivateKey has \d+ bytes/,
    ],
  ])('ACM is not asked to import %s', async (_, next, why) => {
    const result = await check(await next());

    const refused = { kind: 'refused', applied: 'StoreRefused', imports: 0 };
    expect(result).toMatchObject({ ...refused, why: expect.stringMatching(why) });
  });

  const { digitalSignature, keyEncipherment, keyAgreement } = KeyUsageFlags;
  const { serverAuth, clientAuth, codeSigning } = ExtendedKeyUsage;
  const usages = (
    keyUsage: number | null,
    purposes: readonly string[] | null,
    keyType: 'ec' | 'rsa' = 'ec',
  ) => aLeafWith({ keyUsage, purposes }, keyType);

  test.each([
    [
      'remove a key usage',
      () => usages(digitalSignature, null),
      () => usages(digitalSignature | keyAgreement, null),
      /lacks the Key Usage keyAgreement/,
    ],
    [
      'remove keyEncipherment from an RSA certificate',
      () => usages(digitalSignature, null, 'rsa'),
      () => usages(digitalSignature | keyEncipherment, null, 'rsa'),
      /lacks the Key Usage keyEncipherment/,
    ],
    [
      'remove an extended key usage',
      () => usages(null, [serverAuth, clientAuth]),
      () => usages(null, [serverAuth, codeSigning]),
      /lacks the Extended Key Usage/,
    ],
    [
      'add the extension Key Usage',
      () => usages(digitalSignature, null),
      () => usages(null, null),
      /does not add it/,
    ],
  ] as const)('ACM is not asked to %s', async (_, next, before, why) => {
    const result = await check(await next(), await before());

    const refused = { kind: 'refused', applied: 'StoreRefused', imports: 0 };
    expect(result).toMatchObject({ ...refused, why: expect.stringMatching(why) });
  });

  test('A renewal may lack client authentication, and keyEncipherment of an ECDSA certificate', async () => {
    const before = await usages(digitalSignature | keyEncipherment, [serverAuth, clientAuth]);

    const result = await check(await usages(digitalSignature, [serverAuth]), before);

    expect(result).toMatchObject({ kind: 'unsupported', applied: undefined, imports: 1 });
  });

  test('A leaf with another algorithm than its CA is deployed with a warning, and the refusal of ACM is reported', async () => {
    const authority = await createAuthority({ name: 'RSA', keyType: 'rsa2048', intermediate: true });
    const next = bundleOf(await authority.issue({ names: ['www.example.test'] }));

    const result = await check(next);

    expect(result.warnings).toContainEqual(expect.stringContaining('requires the same algorithm'));
    expect(result).toMatchObject({ kind: 'unsupported', applied: 'StoreRefused' });
  });

  test('A certificate that ACM issued is refused with the reason', async () => {
    const certificateArn = site.server.add({ ...contentOf(site.first), type: 'AMAZON_ISSUED' });
    const store = await site.open({ config: { certificateArn } });

    await expect(store.plan(desiredOf(await aBundle()))).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining('type is AMAZON_ISSUED'),
    });
  });

  test('An ARN that does not exist is refused with the ARN and the next step', async () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/none';
    const store = await site.open({ config: { certificateArn } });

    await expect(store.observe()).rejects.toMatchObject({
      name: 'StoreRefused',
      message: expect.stringContaining(`no certificate ${certificateArn}`),
    });
  });
});
