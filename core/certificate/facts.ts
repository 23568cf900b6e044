// Facts of certificates with node:crypto alone. The agent bundles this file and must start in milliseconds: do not import
// larger modules here, and use no API newer than Node 20.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Fingerprint, KeyAlgorithm, VersionFacts } from '../deployment/version.ts';
import { tryOr } from './try-or.ts';

const certificateBlock =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/**
 * Facts of an installed file: its first certificate is the leaf, the others are the chain in file order. Other blocks (a
 * key, DH parameters) are ignored. Null if there is no certificate, one cannot be parsed, or certferry does not support
 * the key type of the leaf.
 */
export function factsOfPem(pem: string): VersionFacts | null {
  const [leaf, ...chain] = certificatesOf(pem) ?? [];
  return leaf === undefined ? null : factsOf(leaf, chain);
}

/** Facts of a leaf and its intermediates; null if certferry does not support the key type of the leaf. */
export function factsOf(leaf: X509Certificate, chain: readonly X509Certificate[]): VersionFacts | null {
  const keyAlgorithm = keyAlgorithmOf(leaf);
  const notAfter = epochSeconds(leaf.validTo);
  if (keyAlgorithm === null || Number.isNaN(notAfter)) return null;
  return {
    fingerprint: fingerprintOf(leaf),
    chain: chain.map(fingerprintOf),
    keyAlgorithm,
    notAfter,
  };
}

/** SHA-256 of the certificate's DER. */
export function fingerprintOf(certificate: X509Certificate): Fingerprint {
  return `sha256:${createHash('sha256').update(certificate.raw).digest('hex')}`;
}

/** The names a certificate is for, in lower case: DNS names and addresses of its SAN, or its common name without one. */
export function namesOf(certificate: X509Certificate): string[] {
  const alternative = certificate.subjectAltName;
  const names = alternative === undefined ? [commonNameOf(certificate)] : hostNamesIn(alternative);
  return [...new Set(names.filter((name) => name !== '').map((name) => name.toLowerCase()))];
}

/**
 * The names of the installed certificate that the next one does not cover, for a warning before clients fail. Empty if the
 * installed file cannot be parsed.
 */
export function lostNames(installed: string, next: string): string[] {
  const offered = leafNames(next);
  return leafNames(installed).filter((name) => !isCovered(name, offered));
}

/** The public key of a certificate; null if OpenSSL does not support its type. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | null {
  return tryOr(() => certificate.publicKey, null);
}

/**
 * The key types that certferry supports; null for any other (DSA, Ed448, a curve beside P-256, P-384 and P-521). Node
 * reads ML-DSA (FIPS 204) with OpenSSL 3.5 or later.
 */
export function keyAlgorithmOf(certificate: X509Certificate): KeyAlgorithm | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKeyOf(certificate) ?? {};
  if (type === 'rsa' || type === 'ed25519') return type;
  if (isMlDsa(type)) return 'ml-dsa';
  return type === 'ec' && Object.hasOwn(curveNames, String(details?.namedCurve)) ? 'ec' : null;
}

/** Whether the type of a key, as node:crypto names it, is ML-DSA-44, ML-DSA-65 or ML-DSA-87. */
export function isMlDsa(type: string | undefined): boolean {
  return /^ml-dsa-(44|65|87)$/.test(type ?? '');
}

/** The supported curves by OpenSSL name: those that browsers accept. */
export const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** Epoch seconds of a date as node:crypto prints it (`Nov 22 03:57:25 2026 GMT`); NaN for an invalid one. */
export function epochSeconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000);
}

function certificatesOf(pem: string): X509Certificate[] | null {
  return tryOr(() => (pem.match(certificateBlock) ?? []).map((block) => new X509Certificate(block)), null);
}

function leafNames(pem: string): string[] {
  const leaf = certificatesOf(pem)?.[0];
  return leaf === undefined ? [] : namesOf(leaf);
}

/** A wildcard stands for exactly one label (RFC 6125 6.4.3). */
function isCovered(name: string, offered: readonly string[]): boolean {
  const wildcard = `*${name.slice(name.indexOf('.'))}`;
  return offered.includes(name) || (name.includes('.') && offered.includes(wildcard));
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

/** node:crypto prints `DNS:a.test, IP Address:192.0.2.1`, and a value with a comma or a quote in it as a JSON string. */
function hostNamesIn(alternative: string): string[] {
  const entries = alternative.matchAll(/([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g);
  return [...entries]
    .filter(([, kind]) => kind === 'DNS' || kind === 'IP Address')
    .map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}
