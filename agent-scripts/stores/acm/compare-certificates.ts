import { createPrivateKey, X509Certificate } from 'node:crypto';
import { tryOr } from '../../../core/certificate/try-or.ts';
import type { StoredCertificate } from './certificates.ts';

/** Whether both have the same leaf and the same chain. ACM may change line ends, so the bytes of PEM do not matter. */
export function isSame(one: StoredCertificate, other: StoredCertificate): boolean {
  return digestsOf(one) === digestsOf(other);
}

function digestsOf({ leaf, chain }: StoredCertificate): string {
  return [leaf, ...chain].map((pem) => tryOr(() => new X509Certificate(pem).fingerprint256, pem)).join();
}

/** Whether the private key belongs to the leaf. */
export function isKeyOf(key: string, leaf: string): boolean {
  return tryOr(() => new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)), false);
}
