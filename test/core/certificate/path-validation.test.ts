import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ErrorName } from '../../../core/errors.ts';
import { armour, derOf, openssl } from '../../fixtures/forms.ts';
import { pkcs8 } from '../../fixtures/hierarchies.ts';
import { aChainSpec, type BuiltChain, createChainBuilder } from '../../fixtures/path-corpus.ts';
import { purposeIds } from '../../fixtures/path-extensions.ts';
import { read, refusal } from './refusal.ts';

type Changes = Parameters<typeof aChainSpec>[0];

/** What public reports name, and what the message must name. */
const broken: readonly (readonly [string, ErrorName, Changes, string])[] = [
  [
    'a leaf for clients only',
    'PurposeUnfit',
    { leaf: { purposes: [purposeIds.clientAuth] } },
    'has the extended key usage clientAuth without serverAuth, so TLS clients refuse it',
  ],
  [
    'a leaf for code signing',
    'PurposeUnfit',
    { leaf: { purposes: [purposeIds.codeSigning] } },
    'codeSigning without serverAuth',
  ],
  [
    'an intermediate for clients only',
    'PurposeUnfit',
    { ca: { purposes: [purposeIds.clientAuth] } },
    'CN=Chain 2 CA 0',
  ],
  [
    'an unknown critical extension',
    'UnknownCriticalExtension',
    { leaf: { extra: 'unknown critical' } },
    'has the critical extension 1.2.3.4.5.6.7,',
  ],
  [
    'a precertificate',
    'UnknownCriticalExtension',
    { leaf: { extra: 'precertificate poison' } },
    '1.3.6.1.4.1.11129.2.4.3 (precertificate poison)',
  ],
  [
    'an intermediate below a CA that allows none',
    'PathLengthExceeded',
    { ca: { pathLength: 0 }, at: 1, cas: 2, rooted: false },
    'allows 0 CA(s) below it (pathLenConstraint), but the chain has 1',
  ],
  [
    'a name outside the name constraints of its CA',
    'NameConstraintViolated',
    { ca: { constraints: 'permits other.test' } },
    'contains the name www.example.test, which is not permitted by the name constraints of',
  ],
  [
    'one of two names outside the name constraints',
    'NameConstraintViolated',
    { ca: { constraints: 'permits example.test' }, leaf: { names: 'two domains' } },
    'contains the name www.elsewhere.test',
  ],
  [
    'an excluded address',
    'NameConstraintViolated',
    { ca: { constraints: 'excludes 10.1.0.0/16' }, leaf: { names: 'an address' } },
    'contains the address 10.1.2.3, which is excluded by the name constraints of',
  ],
  [
    'a name of a form that certferry cannot compare',
    'NameConstraintViolated',
    { ca: { constraints: 'permits a registered id' }, leaf: { names: 'a registered id' } },
    'a name of another form, which is of a form that cannot be compared by',
  ],
  [
    'an issuer that is no CA',
    'IssuerNotCa',
    { ca: { basic: 'not ca' } },
    'has issued a certificate, but is no CA (basicConstraints)',
  ],
  [
    'a CA that may not sign certificates',
    'KeyUsageUnfit',
    { ca: { keyUsage: [6] } },
    'has a key usage without keyCertSign, but signs a certificate',
  ],
  [
    'an ECDSA leaf that may not sign handshakes',
    'KeyUsageUnfit',
    { leaf: { keyUsage: [2] } },
    'has a key usage without digitalSignature, so',
  ],
];

describe('the validation of a path', () => {
  let built: BuiltChain[];
  let usual: BuiltChain;
  const inputOf = ({ leaf, cas, key }: BuiltChain) => ({ certificate: [leaf, ...cas].join(''), key });

  beforeAll(async () => {
    const build = await createChainBuilder();
    built = await Promise.all(broken.map(([, , changes], id) => build(aChainSpec(changes), id)));
    usual = await build(aChainSpec({}), broken.length);
  });

  test.each(broken.map((row, at) => [row[0], row[1], row[3], at] as const))(
    'The validation of a path refuses %s with %s, and names the fact',
    (_, name, text, at) => {
      const error = refusal(() => read(inputOf(built[at] ?? usual)));

      expect(error).toMatchObject({ name, message: expect.stringContaining(text) });
      expect(error.retry).toBe('never');
    },
  );

  test('The validation of a path accepts a chain without these faults, with and without its root', () => {
    const [intermediate = ''] = usual.cas;

    expect(read(inputOf(usual)).warnings).toEqual([]);
    expect(read({ certificate: usual.leaf, chain: intermediate, key: usual.key }).warnings).toEqual([]);
  });

  test('The rules of a root count if the root is among the certificates', async () => {
    const build = await createChainBuilder();
    const chain = await build(aChainSpec({ ca: { constraints: 'permits other.test' }, at: 1 }), 900);
    const [intermediate = ''] = chain.cas;

    expect(refusal(() => read(inputOf(chain))).name).toBe('NameConstraintViolated');
    expect(read({ certificate: chain.leaf, chain: intermediate, key: chain.key }).warnings).toEqual([]);
  });

  test('A certificate whose extension occurs twice, or cannot be parsed, is refused as unreadable', () => {
    const key = pkcs8(generateKeyPairSync('ed25519').privateKey);
    const doubled = ['-addext', '1.2.3.4=DER:0500', '-addext', '1.2.3.5=DER:0500'];
    const malformed = ['-addext', 'nameConstraints=DER:0500'];
    const issued = (extensions: string[]) =>
      openssl(
        ['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=odd.example.test', '-days', '30', ...extensions],
        key,
      ).toString();
    const base = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    const twice = derOf(issued([...base, ...doubled]));
    twice[twice.indexOf(Buffer.from('06032a0305', 'hex')) + 4] = 4;

    const negative = issued(['-addext', 'basicConstraints=DER:30030201ff']);

    for (const certificate of [armour('CERTIFICATE', twice), issued([...base, ...malformed]), negative]) {
      expect(refusal(() => read({ certificate, key }))).toMatchObject({
        name: 'BundleUnreadable',
        message: expect.stringContaining('cannot be parsed, or one of them occurs twice'),
      });
    }
  });

  test('An RSA leaf that is only for key encipherment is taken with a warning', () => {
    const key = pkcs8(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    const extensions = ['basicConstraints=critical,CA:FALSE', 'subjectAltName=DNS:a.test'];
    const certificate = openssl(
      [
        ...['req', '-x509', '-key', '/dev/stdin', '-subj', '/CN=a.test', '-days', '30'],
        ...[...extensions, 'keyUsage=keyEncipherment'].flatMap((each) => ['-addext', each]),
      ],
      key,
    ).toString();

    expect(read({ certificate, key }).warnings).toEqual([
      expect.stringContaining('The key usage of the leaf has no digitalSignature'),
    ]);
  });
});
