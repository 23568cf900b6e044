// Rules for every certificate that is deployed: key type and size, signature, dates.
import type { X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { childrenOf, type Node, oidOf, parseDer } from './asn1.ts';
import { dayOf, describeCertificate, describeKey } from './describe.ts';
import { epochSeconds, publicKeyOf } from './facts.ts';
import { tryOr } from './try-or.ts';

/** CA/Browser Forum Baseline Requirements 6.1.5; OpenSSL at its default security level also refuses smaller keys. */
const minimumRsaBits = 2048;

/** Go refuses a server that sends a certificate with a larger key (since Go 1.21); a signature with it costs too much. */
const maximumRsaBits = 8192;

/** Signature algorithms with a hash that is not collision resistant: MD2, MD4, MD5 and SHA-1. */
const weakSignatures: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.3': 'MD4 with RSA',
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.3.14.3.2.29': 'SHA-1 with RSA',
  '1.2.840.10040.4.3': 'SHA-1 with DSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
};

const rsaPss = '1.2.840.113549.1.1.10';
const sha1 = '1.3.14.3.2.26';
const hashTag = 0;

/** The error for a leaf whose key is not RSA, ECDSA P-256, P-384, P-521, Ed25519 or ML-DSA. */
export function keyTypeUnsupported(leaf: X509Certificate): CertferryError {
  const key = publicKeyOf(leaf);
  const kind =
    key === null ? `of a type that OpenSSL ${process.versions.openssl} does not support` : describeKey(key);
  const message = `The key of the leaf ${describeCertificate(leaf)} is ${kind}. Use RSA (2048 bits or more), ECDSA on P-256, P-384 or P-521, Ed25519, or ML-DSA.`;
  return new CertferryError('KeyTypeUnsupported', message, { details: { key: kind } });
}

/**
 * Checks a leaf or an intermediate: an expired or weak intermediate fails handshakes too.
 * @throws CertferryError KeyTooWeak, KeyTypeUnsupported, WeakSignature, CertificateExpired, CertificateNotYetValid
 */
export function lintCertificate(certificate: X509Certificate, now: Date): void {
  lintKeySize(certificate);
  lintSignature(certificate);
  lintDates(certificate, now);
}

function lintKeySize(certificate: X509Certificate): void {
  const key = publicKeyOf(certificate);
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? minimumRsaBits;
  if (bits > maximumRsaBits) throw tooLarge(certificate, bits);
  if (bits >= minimumRsaBits) return;
  const message = `The RSA key of ${describeCertificate(certificate)} has ${bits} bits; at least ${minimumRsaBits} are required. Request a certificate with a larger key.`;
  throw new CertferryError('KeyTooWeak', message, { details: { bits } });
}

function tooLarge(certificate: X509Certificate, bits: number): CertferryError {
  const message = `The RSA key of ${describeCertificate(certificate)} has ${bits} bits; clients refuse more than ${maximumRsaBits}. Request a certificate with a smaller key.`;
  return new CertferryError('KeyTypeUnsupported', message, { details: { bits } });
}

function lintSignature(certificate: X509Certificate): void {
  const weakness = tryOr(() => weakSignatureOf(certificate), 'an algorithm that cannot be read');
  if (weakness === null) return;
  const message = `${describeCertificate(certificate)} is signed by ${weakness}, which clients refuse. Request a certificate signed with SHA-256.`;
  throw new CertferryError('WeakSignature', message, { details: { signature: weakness } });
}

function lintDates(certificate: X509Certificate, now: Date): void {
  const { validFrom, validTo } = certificate;
  const seconds = Math.floor(now.getTime() / 1000);
  if (seconds > epochSeconds(validTo)) throw expired(certificate, now);
  if (seconds >= epochSeconds(validFrom)) return;
  const message = `${describeCertificate(certificate)} is not valid before ${new Date(validFrom).toISOString()}; the time is ${now.toISOString()}. Wait, or check the clock.`;
  throw new CertferryError('CertificateNotYetValid', message, { details: { notBefore: validFrom } });
}

function expired(certificate: X509Certificate, now: Date): CertferryError {
  const message = `${describeCertificate(certificate)} expired on ${dayOf(certificate.validTo)}; the time is ${now.toISOString()}. Renew it, or remove it if it is an old intermediate.`;
  return new CertferryError('CertificateExpired', message, { details: { notAfter: certificate.validTo } });
}

/** Reads the DER, because some supported runtimes have no `signatureAlgorithm` in node:crypto. */
function weakSignatureOf(certificate: X509Certificate): string | null {
  const [, algorithm] = childrenOf(parseDer(certificate.raw));
  const [type, parameters] = childrenOf(algorithm);
  const oid = oidOf(type);
  if (oid === rsaPss) return isPssWithSha1(parameters) ? 'SHA-1 with RSA-PSS' : null;
  return weakSignatures[oid] ?? null;
}

/** RFC 4055 section 3.1: without a hash in its parameters, RSA-PSS means SHA-1. */
function isPssWithSha1(parameters: Node | undefined): boolean {
  const [hash] = childrenOf(parameters).filter(({ type }) => Number(type) === hashTag);
  const [algorithm] = hash === undefined ? [] : childrenOf(hash);
  return algorithm === undefined || oidOf(childrenOf(algorithm)[0]) === sha1;
}
