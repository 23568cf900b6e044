// What ACM accepts, checked before the import. Sources: the API reference of ImportCertificate (limits of its parameters),
// and https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html and import-reimport.html.
import { X509Certificate } from 'node:crypto';
import { describeCertificate, describeKey } from '../../../core/certificate/describe.ts';
import { extensionsOf } from '../../../core/certificate/extensions.ts';
import { publicKeyOf } from '../../../core/certificate/facts.ts';
import type { Bundle } from '../../../core/deployment/version.ts';

/** Bytes of the parameters of ImportCertificate. */
const maximumBytes = { Certificate: 32_768, PrivateKey: 5120, CertificateChain: 2_097_152 } as const;

/** The names that ACM gives key types, by the curve or the modulus. */
const curveAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: 'EC_prime256v1',
  secp384r1: 'EC_secp384r1',
  secp521r1: 'EC_secp521r1',
};
const rsaSizes = [1024, 2048, 3072, 4096];

/** Characters of the OCSP URL. */
const maximumOcspCharacters = 1000;

/** Key types that ACM can import, as its API names them. */
export const keyTypes = [
  ...rsaSizes.map((size) => `RSA_${size}` as const),
  ...Object.values(curveAlgorithms),
];

/** The key type as ACM names it; null for one that ACM does not import. */
export function keyTypeOf(leaf: X509Certificate): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKeyOf(leaf) ?? {};
  if (type === 'ec') return curveAlgorithms[String(details?.namedCurve)] ?? null;
  return type === 'rsa' && rsaSizes.includes(details?.modulusLength ?? 0)
    ? `RSA_${details?.modulusLength}`
    : null;
}

/**
 * Why ACM would refuse to import this bundle, in full sentences; empty if it would not. `current`: the leaf that it would
 * replace, or null for a first import.
 */
export function importProblems(bundle: Bundle, current: X509Certificate | null, now: Date): string[] {
  const leaf = new X509Certificate(bundle.leaf);
  const own = [...sizeProblems(bundle), ...leafProblems(leaf, now)];
  return current === null ? own : [...own, ...replacementProblems(leaf, current)];
}

/** What ACM may refuse, although its documents disagree. */
export function importWarnings({ leaf, chain: [issuer] }: Bundle): string[] {
  if (issuer === undefined) {
    return [
      'The bundle has no intermediates. If a CA signed the leaf, ACM may refuse it, and clients may not trust the endpoint.',
    ];
  }
  const types = [leaf, issuer].map((pem) => publicKeyOf(new X509Certificate(pem))?.asymmetricKeyType);
  if (types[0] === types[1]) return [];
  return [
    `The key of the leaf is ${types[0]}, that of its issuer ${types[1]}. The API reference of ACM requires the same algorithm.`,
  ];
}

function sizeProblems({ leaf, chain, key }: Bundle): string[] {
  const parts = { Certificate: leaf, PrivateKey: key, CertificateChain: chain.join('') };
  return Object.entries(maximumBytes).flatMap(([name, maximum]) => {
    const bytes = Buffer.byteLength(parts[name as keyof typeof parts]);
    return bytes <= maximum ? [] : [`${name} has ${bytes} bytes, and ACM accepts at most ${maximum}.`];
  });
}

function leafProblems(leaf: X509Certificate, now: Date): string[] {
  const key = publicKeyOf(leaf);
  const name = describeCertificate(leaf);
  const problems: string[] = [];
  if (keyTypeOf(leaf) === null) {
    const type = key === null ? 'an unknown type' : describeKey(key);
    problems.push(`ACM imports no key of ${type}: it imports ${keyTypes.join(', ')}.`);
  }
  if (leaf.validFromDate > now)
    problems.push(`${name} is not valid yet, and ACM imports only valid certificates.`);
  if (leaf.validToDate < now) problems.push(`${name} has expired, and ACM imports only valid certificates.`);
  if (leaf.issuer === undefined || leaf.issuer.trim() === '') problems.push(`${name} has an empty issuer.`);
  if (extensionsOf(leaf).isVersion1) problems.push(`${name} is not an X.509 certificate of version 3.`);
  const ocsp = /^OCSP - URI:(.*)$/m.exec(leaf.infoAccess ?? '')?.[1] ?? '';
  if (ocsp.length > maximumOcspCharacters) {
    problems.push(
      `Its OCSP URL has ${ocsp.length} characters, and ACM accepts at most ${maximumOcspCharacters}.`,
    );
  }
  return problems;
}

/** ACM keeps the associations of a certificate, so it limits what a new one may change. */
function replacementProblems(leaf: X509Certificate, current: X509Certificate): string[] {
  const [next, installed] = [keyTypeOf(leaf), keyTypeOf(current)];
  const problems: string[] = [];
  if (next !== null && next !== installed) {
    problems.push(
      `The key is ${next}, but the imported certificate has ${installed ?? 'another type'}, and ACM changes neither type nor size. Issue the certificate with the same key type, or import it under a new ARN.`,
    );
  }
  const [offered, required] = [extensionsOf(leaf), extensionsOf(current)];
  return [
    ...problems,
    ...usageProblems({
      extension: 'Key Usage',
      offered: offered.keyUsage?.map(usageName) ?? null,
      required: required.keyUsage?.map(usageName) ?? null,
      removable: publicKeyOf(current)?.asymmetricKeyType === 'ec' ? ['keyEncipherment'] : [],
    }),
    ...usageProblems({
      extension: 'Extended Key Usage',
      offered: offered.purposes,
      required: required.purposes,
      removable: [clientAuthentication],
    }),
  ];
}

const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** RFC 5280 section 4.2.1.3. */
const usageNames = [
  ...['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement'],
  ...['keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'],
];

const usageName = (bit: number): string => usageNames[bit] ?? `bit ${bit}`;

interface Usages {
  readonly extension: string;
  /** Null: the certificate does not have the extension. */
  readonly offered: readonly string[] | null;
  readonly required: readonly string[] | null;
  readonly removable: readonly string[];
}

function usageProblems({ extension, offered, required, removable }: Usages): string[] {
  if (required === null) {
    if (offered === null) return [];
    return [
      `It has the extension ${extension}, which the imported certificate does not have, and ACM does not add it. Import it under a new ARN.`,
    ];
  }
  const removed = required.filter((usage) => !removable.includes(usage) && !(offered ?? []).includes(usage));
  if (removed.length === 0) return [];
  return [
    `It lacks the ${extension} ${removed.join(', ')} of the imported certificate, and ACM removes none. Issue it with the same usages, or import it under a new ARN.`,
  ];
}
