// Which certificate is the leaf, and in which order the others lead up from it. Signatures decide, not the order given.
import type { KeyObject, X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { describeCertificate, nameLine } from './describe.ts';
import { epochSeconds, fingerprintOf } from './facts.ts';
import { tryOr } from './try-or.ts';

/** `complete` when the chain is known to reach a root; `spare` are intermediates of other paths than the one taken. */
export interface OrderedChain {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly spare: readonly X509Certificate[];
  readonly complete: boolean;
}

/** A certificate and those among the given that issued it, by name and signature. */
interface Member {
  readonly certificate: X509Certificate;
  readonly selfSigned: boolean;
  readonly issuers: readonly Member[];
}

type Path = readonly [Member, ...Member[]];

/**
 * Orders certificates (no two the same) from the leaf upwards, without the root. The key only tells a CA that is meant
 * to be the leaf from a chain without one.
 * @throws CertferryError NoLeaf, SeveralLeaves, LeafIsCa, ChainBroken
 */
export function orderChain(certificates: readonly X509Certificate[], key: KeyObject): OrderedChain {
  const members = resolveSweptTargets(certificates);
  const leaf = findLeaf(members, key);
  const path = longestPath(leaf, []);
  const related = ancestorsOf(leaf);
  refuseStrangers(
    path,
    members.filter((each) => !related.has(each)),
  );
  refuseDamagedRoot(path);
  const spare = [...related].filter((each) => !path.includes(each) && !each.selfSigned);
  return {
    leaf: leaf.certificate,
    chain: path.slice(1).map(({ certificate }) => certificate),
    spare: spare.map(({ certificate }) => certificate),
    complete: [...related].some(({ selfSigned }) => selfSigned),
  };
}

/** Every signature is checked once, here: the ways through a tangle of cross-signed CAs are many. */
function resolveSweptTargets(certificates: readonly X509Certificate[]): Member[] {
  const members = certificates.map((certificate) => {
    const selfSigned = certificate.subject === certificate.issuer && isSignedBy(certificate, certificate);
    return { certificate, selfSigned, issuers: [] as Member[] };
  });
  for (const child of members) {
    const others = members.filter((each) => each !== child);
    child.issuers.push(...others.filter((each) => isIssuedBy(child.certificate, each.certificate)));
  }
  return members;
}

function isIssuedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return child.checkIssued(parent) && isSignedBy(child, parent);
}

/** False, too, for a parent's key of a kind that this OpenSSL does not know. */
function isSignedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return tryOr(() => child.verify(parent.publicKey), false);
}

/** A root of X.509 version 1 does not say that it is a CA; that it signed another says so. */
function findLeaf(members: readonly Member[], key: KeyObject): Member {
  const signsAnother = (one: Member) => members.some(({ issuers }) => issuers.includes(one));
  const candidates = members.filter(
    (each) => !each.certificate.ca && !(each.selfSigned && signsAnother(each)),
  );
  const [leaf, ...others] = candidates;
  if (leaf === undefined)
    throw noLeaf(
      members.map(({ certificate }) => certificate),
      key,
    );
  if (others.length > 0) throw severalLeaves(candidates);
  return leaf;
}

/**
 * Cross-signed certificates give several ways up. The longest is taken, as it serves the oldest clients too; among
 * equals the one that lasts longest, then the smallest fingerprint, so that the order given never matters.
 */
function longestPath(from: Member, below: readonly Member[]): Path {
  const seen = [...below, from];
  const next = from.issuers.filter((each) => !seen.includes(each) && !each.selfSigned);
  const [best] = next.map((each) => longestPath(each, seen)).sort(byPreference);
  return best === undefined ? [from] : [from, ...best];
}

function byPreference(one: Path, other: Path): number {
  if (one.length !== other.length) return other.length - one.length;
  const [first, second] = [one[0].certificate, other[0].certificate];
  const lasting = epochSeconds(second.validTo) - epochSeconds(first.validTo);
  return lasting === 0 ? fingerprintOf(first).localeCompare(fingerprintOf(second)) : lasting;
}

/** The member itself and everything above it; a Set yields what is added to it meanwhile. */
function ancestorsOf(member: Member): Set<Member> {
  const found = new Set([member]);
  for (const { issuers } of found) for (const issuer of issuers) found.add(issuer);
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

function severalLeaves(candidates: readonly Member[]): CertferryError {
  const subjects = candidates.map(({ certificate }) => describeCertificate(certificate));
  const message = `There are ${candidates.length} leaves, and only one may be given: ${subjects.join(', ')}. Leave out those that are not meant.`;
  return new CertferryError('SeveralLeaves', message, { details: { subjects } });
}

function refuseStrangers(path: Path, strangers: readonly Member[]): void {
  if (strangers.length === 0) return;
  const top = (path.at(-1) as Member).certificate;
  const subjects = strangers.map(({ certificate }) => describeCertificate(certificate));
  const namesake = strangers.some(({ certificate }) => certificate.subject === top.issuer);
  const gap = namesake
    ? `a certificate of that name is given, but did not sign it (another key, or damaged)`
    : 'which is not among the certificates';
  const message = `The chain is broken: ${describeCertificate(top)} was issued by "${nameLine(top.issuer)}", ${gap}; so these lead nowhere: ${subjects.join(', ')}. Give the leaf's own intermediates, and no others.`;
  throw new CertferryError('ChainBroken', message, {
    details: { issuer: nameLine(top.issuer), strangers: subjects },
  });
}

/** Left in, a root with a flipped bit would pass for a certificate that some other root signed. */
function refuseDamagedRoot([, ...chain]: Path): void {
  const damaged = chain.find(
    ({ certificate, issuers }) => certificate.subject === certificate.issuer && issuers.length === 0,
  );
  if (damaged === undefined) return;
  const subject = describeCertificate(damaged.certificate);
  const message = `The chain is broken: ${subject} says that it is self-signed, but its signature is not its own. It is damaged; leave it out, a root is not needed.`;
  throw new CertferryError('ChainBroken', message, { details: { subject } });
}
