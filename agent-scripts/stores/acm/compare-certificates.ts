import { createPrivateKey, X509Certificate } from 'node:crypto';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import { tryOr } from '../../../core/certificate/try-or.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';
import type { StoredCertificate } from './certificates.ts';

/**
 * Whether both have the same leaf and the same intermediates. ACM may change line ends, so the bytes of PEM do not matter. A root
 * in the chain does not matter either: clients ignore it, and a bundle has none.
 */
export function isSame(one: StoredCertificate, other: StoredCertificate): boolean {
  return digestsOf(one) === digestsOf(other);
}

function digestsOf(stored: StoredCertificate): string {
  const digest = (pem: string) => tryOr(() => new X509Certificate(pem).fingerprint256, pem);
  return [stored.leaf, ...intermediatesOf(stored)].map(digest).join();
}

/** The facts of leaf and intermediates; null if certferry does not support the key type of the leaf. */
export function factsOfStored(stored: StoredCertificate): VersionFacts | null {
  return factsOfPem([stored.leaf, ...intermediatesOf(stored)].join(''));
}

/**
 * The certificates of the chain that issued the one before them, with the root if there is one. moto expects that ACM may
 * return others as well, and ACM would refuse those in an import.
 */
export function issuersOf({ leaf, chain }: StoredCertificate): string[] {
  const issuers: string[] = [];
  for (const pem of chain) {
    if (tryOr(() => isIssuedBy(issuers.at(-1) ?? leaf, pem), false)) issuers.push(pem);
  }
  return issuers;
}

function intermediatesOf(stored: StoredCertificate): string[] {
  return issuersOf(stored).filter((pem) => !isIssuedBy(pem, pem));
}

function isIssuedBy(subject: string, issuer: string): boolean {
  const [issued, authority] = [new X509Certificate(subject), new X509Certificate(issuer)];
  return issued.issuer === authority.subject && issued.verify(authority.publicKey);
}

/** Whether the private key belongs to the leaf. */
export function isKeyOf(key: string, leaf: string): boolean {
  return tryOr(() => new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)), false);
}
