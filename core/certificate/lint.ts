// Rules that every certificate which will be served must keep: kinds and sizes of keys, signatures, dates.
import type { X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { childrenOf, type Node, oidOf, parseDer } from './asn1.ts';
import { dayOf, describeCertificate, describeKey } from './describe.ts';
import { epochSeconds, publicKeyOf } from './facts.ts';
import { tryOr } from './try-or.ts';

/** CA/Browser Forum Baseline Requirements 6.1.5; OpenSSL at its default security level refuses less, too. */
const minimumRsaBits = 2048;

/** Signature algorithms whose hash can be collided: MD2, MD4, MD5 and SHA-1, with RSA, DSA and ECDSA. */
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

/** For a leaf of which `factsOf` knows nothing: its key is not RSA, ECDSA P-256, P-384, P-521 or Ed25519. */
export function keyTypeUnsupported(leaf: X509Certificate): CertferryError {
  const key = publicKeyOf(leaf);
  const kind = key === null ? 'of a kind that OpenSSL does not know' : describeKey(key);
  const message = `The key of the leaf ${describeCertificate(leaf)} is ${kind}. Use RSA (2048 bits or more), ECDSA on P-256, P-384 or P-521, or Ed25519.`;
  return new CertferryError('KeyTypeUnsupported', message, { details: { key: kind } });
}

/**
 * Leaf and intermediates alike: an expired or weak intermediate fails the handshake as surely as a leaf.
 * @throws CertferryError KeyTooWeak, WeakSignature, CertificateExpired, CertificateNotYetValid
 */
export function lintCertificate(certificate: X509Certificate, now: Date): void {
  lintKeySize(certificate);
  lintSignature(certificate);
  lintDates(certificate, now);
}

function lintKeySize(certificate: X509Certificate): void {
  const key = publicKeyOf(certificate);
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? minimumRsaBits;
  if (bits >= minimumRsaBits) return;
  const message = `The RSA key of ${describeCertificate(certificate)} has ${bits} bits; at least ${minimumRsaBits} are asked for. Issue it again with a larger key.`;
  throw new CertferryError('KeyTooWeak', message, { details: { bits } });
}

function lintSignature(certificate: X509Certificate): void {
  const weakness = tryOr(() => weakSignatureOf(certificate), 'an algorithm that cannot be read');
  if (weakness === null) return;
  const message = `${describeCertificate(certificate)} is signed by ${weakness}, which clients refuse. Have it issued again with SHA-256.`;
  throw new CertferryError('WeakSignature', message, { details: { signature: weakness } });
}

function lintDates(certificate: X509Certificate, now: Date): void {
  const { validFrom, validTo } = certificate;
  const seconds = Math.floor(now.getTime() / 1000);
  if (seconds > epochSeconds(validTo)) throw expired(certificate, now);
  if (seconds >= epochSeconds(validFrom)) return;
  const message = `${describeCertificate(certificate)} is not valid before ${new Date(validFrom).toISOString()}; now it is ${now.toISOString()}. Wait, or check the clock.`;
  throw new CertferryError('CertificateNotYetValid', message, { details: { notBefore: validFrom } });
}

function expired(certificate: X509Certificate, now: Date): CertferryError {
  const message = `${describeCertificate(certificate)} expired on ${dayOf(certificate.validTo)}; now it is ${now.toISOString()}. Renew it, or leave it out if it is an old intermediate.`;
  return new CertferryError('CertificateExpired', message, { details: { notAfter: certificate.validTo } });
}

/** Read from the DER: `signatureAlgorithm` of node:crypto is younger than some of the runtimes this may meet. */
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
