// Finds the leaf and orders the other certificates from it upwards, by signatures and not by their order in the input.
import type { KeyObject, X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { describeCertificate, nameLine } from './describe.ts';
import { epochSeconds, fingerprintOf } from './facts.ts';
import { tryOr } from './try-or.ts';

/** `complete`: the chain reaches a root among the certificates. `spare`: intermediates of other paths. */
export interface OrderedChain {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly spare: readonly X509Certificate[];
  readonly complete: boolean;
}

/** A certificate, and its issuers among the input, by name and signature. */
interface Member {
  readonly certificate: X509Certificate;
  readonly selfSigned: boolean;
  readonly issuers: readonly Member[];
}

type Path = readonly [Member, ...Member[]];

/**
 * Orders distinct certificates from the leaf upwards, without the root. The key only distinguishes a CA that is used as
 * leaf from a chain without a leaf.
 * @throws CertferryError NoLeaf, SeveralLeaves, LeafIsCa, ChainBroken
 */
export function orderChain(certificates: readonly X509Certificate[], key: KeyObject): OrderedChain {
  const members = resolveSweptTargets(certificates);
  const leaf = findLeaf(members, key);
  const path = longestPath(leaf, []);
  const related = ancestorsOf(leaf);
  refuseUnrelated(
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

/** Checks every signature once, because cross-signed CAs can form many paths. */
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

/** Also false if OpenSSL does not support the key of the parent. */
function isSignedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return tryOr(() => child.verify(parent.publicKey), false);
}

/** A root of X.509 version 1 has no CA flag; it is recognised because it signed another certificate. */
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
 * Cross-signed certificates allow several paths. The longest one is used, because it works for old clients too. Among
 * equally long ones, the latest expiry decides, then the smallest fingerprint, so that the input order never matters.
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

/** The member and all its ancestors. Iteration over a Set includes elements added during the loop. */
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

/** `openssl req -x509` makes such certificates by default. */
function leafIsCa(certificate: X509Certificate): CertferryError {
  const subject = describeCertificate(certificate);
  const message = `${subject} is a CA certificate (basicConstraints CA:TRUE), not a server certificate. Use the certificate that was issued for the server; a self-signed one must say CA:FALSE.`;
  return new CertferryError('LeafIsCa', message, { details: { subject } });
}

function severalLeaves(candidates: readonly Member[]): CertferryError {
  const subjects = candidates.map(({ certificate }) => describeCertificate(certificate));
  const message = `There are ${candidates.length} leaves, but a bundle has exactly one: ${subjects.join(', ')}. Remove the others.`;
  return new CertferryError('SeveralLeaves', message, { details: { subjects } });
}

function refuseUnrelated(path: Path, unrelated: readonly Member[]): void {
  if (unrelated.length === 0) return;
  const top = (path.at(-1) as Member).certificate;
  const subjects = unrelated.map(({ certificate }) => describeCertificate(certificate));
  const namesake = unrelated.some(({ certificate }) => certificate.subject === top.issuer);
  const gap = namesake
    ? 'but the certificate of that name did not sign it (it has another key, or is damaged)'
    : 'which is not among the certificates';
  const message = `The chain is broken: ${describeCertificate(top)} was issued by "${nameLine(top.issuer)}", ${gap}; these certificates are not part of the chain: ${subjects.join(', ')}. Use only the intermediates of the leaf.`;
  throw new CertferryError('ChainBroken', message, {
    details: { issuer: nameLine(top.issuer), unrelated: subjects },
  });
}

/** A damaged root would otherwise look like a certificate signed by another root. */
function refuseDamagedRoot([, ...chain]: Path): void {
  const damaged = chain.find(
    ({ certificate, issuers }) => certificate.subject === certificate.issuer && issuers.length === 0,
  );
  if (damaged === undefined) return;
  const subject = describeCertificate(damaged.certificate);
  const message = `The chain is broken: ${subject} names itself as issuer, but its signature does not match its key. It is damaged. Remove it; a root is not needed.`;
  throw new CertferryError('ChainBroken', message, { details: { subject } });
}
