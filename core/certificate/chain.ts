// Which certificate is the leaf, and in which order the others lead up from it. Signatures decide, not the order given.
import type { KeyObject, X509Certificate } from 'node:crypto';
import { CertferryError } from '../deployment/errors.ts';
import { attempt } from './attempt.ts';
import { describeCertificate, nameLine } from './describe.ts';
import { epochSeconds, fingerprintOf } from './facts.ts';

/** `complete` when the chain is known to reach a root; `spare` are intermediates of other paths than the one taken. */
export interface OrderedChain {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly spare: readonly X509Certificate[];
  readonly complete: boolean;
}

type Path = readonly [X509Certificate, ...X509Certificate[]];
type Issuers = ReadonlyMap<X509Certificate, readonly X509Certificate[]>;

/**
 * Orders certificates (no two the same) from the leaf upwards, without the root. The key only tells a CA that is meant
 * to be the leaf from a chain without one.
 * @throws CertferryError NoLeaf, SeveralLeaves, LeafIsCa, ChainBroken
 */
export function orderChain(certificates: readonly X509Certificate[], key: KeyObject): OrderedChain {
  const leaf = findLeaf(certificates, key);
  const issuers = issuersAmong(certificates);
  const chain = longestPath(leaf, issuers, [leaf]);
  const related = ancestorsOf(leaf, issuers);
  const strangers = certificates.filter((each) => each !== leaf && !related.has(each));
  if (strangers.length > 0) throw chainBroken(chain.at(-1) ?? leaf, strangers);
  const damaged = chain.find((each) => each.subject === each.issuer && issuers.get(each)?.length === 0);
  if (damaged !== undefined) throw damagedRoot(damaged);
  const spare = [...related].filter((each) => !chain.includes(each) && !isSelfSigned(each));
  return { leaf, chain, spare, complete: [leaf, ...related].some(isSelfSigned) };
}

/** Signed with its own key: a root, or a leaf that nobody else vouches for. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && isSignedBy(certificate, certificate);
}

/** A root of X.509 version 1 does not say that it is a CA; that it signed another says so. */
function findLeaf(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate {
  const signsAnother = (one: X509Certificate) =>
    certificates.some((other) => other !== one && isIssuedBy(other, one));
  const candidates = certificates.filter((each) => !each.ca && !(isSelfSigned(each) && signsAnother(each)));
  const [leaf, ...others] = candidates;
  if (leaf === undefined) throw noLeaf(certificates, key);
  if (others.length > 0) throw severalLeaves(candidates);
  return leaf;
}

function issuersAmong(certificates: readonly X509Certificate[]): Issuers {
  const issuersOf = (child: X509Certificate) =>
    certificates.filter((other) => other !== child && isIssuedBy(child, other));
  return new Map(certificates.map((each) => [each, issuersOf(each)]));
}

function isIssuedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return child.checkIssued(parent) && isSignedBy(child, parent);
}

function isSignedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return attempt(() => child.verify(parent.publicKey), false); // what a key of an unknown kind signed, nobody can check
}

/**
 * Cross-signed certificates give several ways up. The longest is taken, as it serves the oldest clients too; among
 * equals the one that lasts longest, then the smallest fingerprint, so that the order given never matters.
 */
function longestPath(
  from: X509Certificate,
  issuers: Issuers,
  seen: readonly X509Certificate[],
): readonly X509Certificate[] {
  const next = (issuers.get(from) ?? []).filter((each) => !seen.includes(each) && !isSelfSigned(each));
  const paths = next.map((each): Path => [each, ...longestPath(each, issuers, [...seen, each])]);
  return paths.sort(byPreference)[0] ?? [];
}

function byPreference(one: Path, other: Path): number {
  if (one.length !== other.length) return other.length - one.length;
  const [[first], [second]] = [one, other];
  const lasting = epochSeconds(second.validTo) - epochSeconds(first.validTo);
  return lasting === 0 ? fingerprintOf(first).localeCompare(fingerprintOf(second)) : lasting;
}

function ancestorsOf(leaf: X509Certificate, issuers: Issuers): Set<X509Certificate> {
  const found = new Set<X509Certificate>([leaf]);
  for (const each of found) for (const issuer of issuers.get(each) ?? []) found.add(issuer); // a Set yields what is added meanwhile
  found.delete(leaf);
  return found;
}

function noLeaf(certificates: readonly X509Certificate[], key: KeyObject): CertferryError {
  const holder = certificates.find((each) => certificates.length === 1 || each.checkPrivateKey(key));
  if (holder !== undefined) return leafIsCa(holder);
  const subjects = certificates.map(describeCertificate);
  const message = `There is no leaf among the ${certificates.length} certificates, all of them are CAs: ${subjects.join(', ')}. Add the certificate that was issued for the server.`;
  return new CertferryError('NoLeaf', message, { details: { subjects } });
}

/** `openssl req -x509` makes such certificates unless told otherwise. */
function leafIsCa(certificate: X509Certificate): CertferryError {
  const subject = describeCertificate(certificate);
  const message = `${subject} is a CA certificate (basicConstraints CA:TRUE), not a server's. Give the certificate that was issued for the server; a self-signed one must say CA:FALSE.`;
  return new CertferryError('LeafIsCa', message, { details: { subject } });
}

function severalLeaves(candidates: readonly X509Certificate[]): CertferryError {
  const subjects = candidates.map(describeCertificate);
  const message = `There are ${candidates.length} leaves, and only one may be given: ${subjects.join(', ')}. Leave out those that are not meant.`;
  return new CertferryError('SeveralLeaves', message, { details: { subjects } });
}

function chainBroken(top: X509Certificate, strangers: readonly X509Certificate[]): CertferryError {
  const subjects = strangers.map(describeCertificate);
  const namesake = strangers.some((each) => each.subject === top.issuer);
  const gap = namesake
    ? `a certificate of that name is given, but did not sign it (another key, or damaged)`
    : 'which is not among the certificates';
  const message = `The chain is broken: ${describeCertificate(top)} was issued by "${nameLine(top.issuer)}", ${gap}; so these lead nowhere: ${subjects.join(', ')}. Give the leaf's own intermediates, and no others.`;
  return new CertferryError('ChainBroken', message, {
    details: { issuer: nameLine(top.issuer), strangers: subjects },
  });
}

/** Left in, a root with a flipped bit would pass for a certificate that some other root signed. */
function damagedRoot(certificate: X509Certificate): CertferryError {
  const subject = describeCertificate(certificate);
  const message = `The chain is broken: ${subject} says that it is self-signed, but its signature is not its own. It is damaged; leave it out, a root is not needed.`;
  return new CertferryError('ChainBroken', message, { details: { subject } });
}
