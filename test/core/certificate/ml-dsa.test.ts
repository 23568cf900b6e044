import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type IssuedCertificate, type MlDsa } from '../../../cli/demo/throwaway-ca.ts';
import { maximumJobCharacters } from '../../../core/deployment/job.ts';
import { createKeyDetector } from '../../../core/redaction/key-detector.ts';
import { makeHostKey, publicHostKey } from '../../../core/seal/host-key.ts';
import { seal } from '../../../core/seal/seal.ts';
import { signJob } from '../../../core/seal/sign-job.ts';
import { anAuthority } from '../../fixtures/certificates.ts';
import { armour, derOf } from '../../fixtures/forms.ts';
import { aJobKey } from '../../fixtures/signed-jobs.ts';
import { aBody, aHeader } from '../seal/jobs.ts';
import { read, refusal } from './refusal.ts';

const types = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const satisfies readonly MlDsa[];

/** A chain in which the root, the intermediate and the leaf have keys of the same type. */
async function aChain(keyType: MlDsa): Promise<IssuedCertificate> {
  const authority = await createAuthority({ name: 'Quantum', keyType, intermediate: true });
  return await authority.issue({ names: ['www.example.test'], keyType });
}

/** The three forms of a key in PKCS#8 (RFC 9881 section 6): the seed, the expanded key, and both. */
function formsOf(key: KeyObject): Readonly<Record<'seed' | 'expanded' | 'both', string>> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const algorithm = der.subarray(7, 20);
  const content = der.subarray(24);
  const seed = content.subarray(6, 38);
  const expanded = content.subarray(42);
  const pem = (inner: Buffer) =>
    armour('PRIVATE KEY', tlv(0x30, Buffer.from('020100', 'hex'), algorithm, tlv(4, inner)));
  return {
    seed: pem(tlv(0x80, seed)),
    expanded: pem(tlv(4, expanded)),
    both: pem(tlv(0x30, tlv(4, seed), tlv(4, expanded))),
  };
}

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

describe('a bundle with keys of ML-DSA', () => {
  let version: IssuedCertificate;

  beforeAll(async () => {
    version = await aChain('ml-dsa-65');
  });

  test.each(types)(
    'A chain whose keys are all %s is taken, and its facts name the key type',
    async (keyType) => {
      const { fullchainPem, keyPem, certPem, chainPem } = await aChain(keyType);

      const { bundle, facts, subject, warnings } = read({ certificate: fullchainPem, key: keyPem });

      expect(bundle).toMatchObject({ leaf: certPem, chain: [chainPem] });
      expect(facts.keyAlgorithm).toBe('ml-dsa');
      expect(subject.key).toBe(keyType.toUpperCase());
      expect(warnings).toEqual([]);
    },
  );

  test('An ML-DSA leaf of an ECDSA authority is taken', async () => {
    const { fullchainPem, keyPem } = await (await anAuthority()).issue({
      names: ['www.example.test'],
      keyType: 'ml-dsa-44',
    });

    expect(read({ certificate: fullchainPem, key: keyPem }).facts.keyAlgorithm).toBe('ml-dsa');
  });

  test.each(['seed', 'expanded', 'both'] as const)(
    'A key of ML-DSA in PKCS#8 with the form "%s" is carried in a form that signs for the leaf',
    (form) => {
      const forms = formsOf(createPrivateKey(version.keyPem));

      const { bundle } = read({ certificate: version.fullchainPem, key: forms[form] });

      const text = Buffer.from('text');
      const { publicKey } = new X509Certificate(bundle.leaf);
      expect(verify(null, text, publicKey, sign(null, text, createPrivateKey(bundle.key)))).toBe(true);
    },
  );

  test('A key of ML-DSA is carried as its seed, and its other forms with a seed count as the same key', () => {
    const { seed, both } = formsOf(createPrivateKey(version.keyPem));

    const { bundle } = read({ certificate: version.fullchainPem, key: seed + both });

    expect(bundle.key).toBe(seed);
  });

  test('An encrypted key of ML-DSA is taken with its passphrase', () => {
    const key = createPrivateKey(version.keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();

    const { bundle } = read({ certificate: version.fullchainPem, key, passphrase: 'secret' });

    expect(bundle).toEqual(read({ certificate: version.fullchainPem, key: version.keyPem }).bundle);
  });

  test('A key of ML-DSA that belongs to another leaf, or is damaged, is refused', () => {
    const other = generateKeyPairSync('ml-dsa-65').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const damaged = derOf(formsOf(createPrivateKey(version.keyPem)).expanded);
    damaged[1500] = (damaged[1500] ?? 0) ^ 1;

    const refusedWith = (key: string) => refusal(() => read({ certificate: version.fullchainPem, key })).name;

    expect(refusedWith(other.toString())).toBe('KeyMismatch');
    expect(['BundleUnreadable', 'KeyMismatch']).toContain(refusedWith(armour('PRIVATE KEY', damaged)));
  });

  test('An ML-DSA key that cannot be read is refused with the version of OpenSSL that reads it', () => {
    const key = armour(
      'PRIVATE KEY',
      derOf(formsOf(createPrivateKey(version.keyPem)).seed).fill(0x81, 20, 21),
    );

    expect(refusal(() => read({ certificate: version.fullchainPem, key }))).toMatchObject({
      name: 'BundleUnreadable',
      message: expect.stringContaining(`this Node has OpenSSL ${process.versions.openssl}`),
    });
  });

  test('The job with an ML-DSA-87 leaf, its intermediate and its key fits into one command', async () => {
    const { fullchainPem, keyPem } = await aChain('ml-dsa-87');
    const { bundle } = read({ certificate: fullchainPem, key: keyPem });

    const sealed = await seal(aHeader(), aBody(bundle), publicHostKey(await makeHostKey()));

    const job = await signJob(sealed, { header: aHeader(), host: 'i-0123456789abcdef0' }, aJobKey().signer);

    expect(job.length).toBeLessThanOrEqual(maximumJobCharacters);
  });

  test('The detector of secrets finds any form of an ML-DSA key, and no part of its certificate', () => {
    const forms = formsOf(createPrivateKey(version.keyPem));
    for (const form of [forms.both, forms.expanded]) {
      const detect = createKeyDetector([createPrivateKey(form)]);

      expect(detect(Buffer.from(forms.expanded.slice(0, 4000)))).toBe(true);
      expect(detect(derOf(forms.expanded).subarray(-200))).toBe(true);
      expect(detect(Buffer.from(version.fullchainPem))).toBe(false);
    }
    expect(createKeyDetector([createPrivateKey(forms.seed)])(derOf(forms.seed).subarray(-32))).toBe(true);
  });
});
