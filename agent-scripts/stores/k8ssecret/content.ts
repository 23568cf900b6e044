import { createPrivateKey, X509Certificate } from 'node:crypto';
import { fingerprintOf } from '../../../core/certificate/facts.ts';
import { tryOr } from '../../../core/certificate/try-or.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { digestOf } from '../../host/digest.ts';

/** The two keys of a Secret that certferry changes, in base64 as the API returns them. Null: the Secret has no such key. */
export interface Content {
  readonly certificate: string | null;
  readonly key: string | null;
}

/** https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets */
export const certificateKey = 'tls.crt';
export const privateKeyKey = 'tls.key';

/** The content of a bundle: `tls.crt` is leaf and chain. */
export function contentOf({ leaf, chain, key }: Bundle): Content {
  return { certificate: toBase64([leaf, ...chain].join('')), key: toBase64(key) };
}

export function contentIn(data: Readonly<Record<string, string>>): Content {
  return { certificate: data[certificateKey] ?? null, key: data[privateKeyKey] ?? null };
}

/** The fields `data` of a write. */
export function dataOf({ certificate, key }: Content): Record<string, string | null> {
  return { [certificateKey]: certificate, [privateKeyKey]: key };
}

/** A digest that tells two contents apart. It covers the private key, so it reveals nothing about the key. */
export function contentDigest({ certificate, key }: Content): string {
  return digestOf(JSON.stringify([certificate, key]));
}

/** Whether the content has these certificates, in this order, and this key. Line ends and the form of the key may differ. */
export function isContentOf(content: Content, { leaf, chain, key }: Bundle): boolean {
  const installed = certificatesIn(pemOf(content.certificate));
  const wanted = [leaf, ...chain].flatMap(certificatesIn);
  return (
    installed.length === wanted.length &&
    installed.every((fingerprint, index) => fingerprint === wanted[index]) &&
    isSameKey(pemOf(content.key), key)
  );
}

/** The PEM text of a value in base64. Empty without one. */
export function pemOf(value: string | null): string {
  return Buffer.from(value ?? '', 'base64').toString('utf8');
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The fingerprints in order. A block that cannot be parsed counts as one that no bundle has. */
function certificatesIn(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? [];
  return blocks.map((block) => tryOr(() => fingerprintOf(new X509Certificate(block)), 'unreadable'));
}

function isSameKey(one: string, other: string): boolean {
  return tryOr(() => createPrivateKey(one).equals(createPrivateKey(other)), false);
}
