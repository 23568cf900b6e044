// Names of certificates and keys in messages. Subjects are untrusted: they are truncated and control characters replaced.
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { curveNames } from './facts.ts';

const maximumNameLength = 120;

/** `CN=www.example.test (serial 0A1B…, valid until 2026-11-22)`: enough to identify the certificate. */
export function describeCertificate(certificate: X509Certificate): string {
  return `"${nameLine(certificate.subject)}" (serial ${certificate.serialNumber.slice(0, 40)}, valid until ${dayOf(certificate.validTo)})`;
}

/** A distinguished name on one line, in the order of the certificate. */
export function nameLine(name: string | undefined): string {
  const line = (name ?? '')
    .trim()
    .replaceAll('\n', ', ')
    .replace(/\p{Cc}/gu, '?');
  if (line === '') return 'no name';
  return line.length > maximumNameLength ? `${line.slice(0, maximumNameLength)}…` : line;
}

/** At most this many names are listed in one message: a certificate may have hundreds. */
const maximumNames = 5;

/** `a.test, b.test and 95 more`, for messages. Each name is truncated like a subject. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'no name';
  const more = names.length - maximumNames;
  return names.slice(0, maximumNames).map(nameLine).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** `RSA 2048`, `ECDSA P-256`, `Ed25519`, or the OpenSSL name of another type. */
export function describeKey(key: KeyObject): string {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = key;
  if (type === 'ed25519') return 'Ed25519';
  if (type === 'ec') return `ECDSA ${curveNames[String(details.namedCurve)] ?? details.namedCurve}`;
  if (type === 'rsa') return `RSA ${details.modulusLength}`;
  return type.toUpperCase();
}

/** The first 12 digits of a fingerprint, for messages. */
export function shortFingerprint(fingerprint: string): string {
  return `${fingerprint.slice(0, 'sha256:'.length + 12)}…`;
}

/** The first digits of the SHA-256 of a public key (SPKI): distinguishes two keys of the same type. */
export function publicKeyDigest(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** The day of a date as node:crypto prints it, `2026-11-22`. */
export function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}

const secondsPerDay = 86_400;

/** Whole days until a time in epoch seconds; negative after it. */
export function daysUntil(time: number, now: Date): number {
  return Math.floor((time - now.getTime() / 1000) / secondsPerDay);
}
