import type { X509Certificate } from 'node:crypto';

/** SHA-256 of the certificate's DER, as `sha256:` and lower-case hex. */
export function fingerprintOf(certificate: X509Certificate): string {
  return `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`;
}

/** Enough of a fingerprint to tell two apart in a sentence. */
export function short(fingerprint: string): string {
  return `${fingerprint.slice(0, 'sha256:'.length + 12)}…`;
}

/** A certificate's subject on one line; node writes one attribute a line. */
export function nameOf(certificate: X509Certificate): string {
  return (certificate.subject ?? '').trim().split('\n').join(', ') || 'a certificate without a subject';
}
