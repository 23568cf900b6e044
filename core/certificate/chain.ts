// Finds the leaf and orders the other certificates from it upwards, by signatures and not by their order in the input.
import type { KeyObject, X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { describeCertificate, nameLine, publicKeyDigest } from './describe.ts';
import { extensionsOf } from './extensions.ts';
import { fingerprintOf, publicKeyOf } from './facts.ts';
import { bestPath, type Path } from './path-choice.ts';
import { tryOr } from './try-or.ts';

/**
 * `complete`: the chain reaches a root among the certificates. `problem`: why clients refuse the chain, null if they do not.
 * `spare`: intermediates of other paths. `doubtful`: names itself as issuer, but another key signed it.
 */
export interface OrderedChain {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly problem: CertferryError | null;
  readonly spare: readonly X509Certificate[];
  readonly doubtful: X509Certificate | null;
  readonly complete: boolean;
}

/**
 * A certificate, and its issuers among the input, by name and signature. `entity` is equal for certificates of the same
 * name and key.
 */
interface Member {
  readonly certificate: X509Certificate;
  readonly entity: string;
  readonly selfSigned: boolean;
  readonly issuers: readonly Member[];
}

/**
 * Orders distinct certificates from the leaf upwards, without the root. The key only distinguishes a CA that is used as
 * leaf from a chain without a leaf. If there are several paths, `path-choice.ts` decides.
 * @throws CertferryError NoLeaf, SeveralLeaves, LeafIsCa, ChainBroken
 */
export function orderChain(
  certificates: readonly X509Certificate[],
  key: KeyObject,
  now: Date,
): OrderedChain {
  const members = linkedMembers(certificates);
  const leaf = findLeaf(members, key);
  const { path, problem } = bestPath(pathsFrom(leaf, []), now);
  const { chain } = path;
  const related = ancestorsOf(leaf);
  const top = chain.at(-1) ?? leaf.certificate;
  refuseUnrelated(
    top,
    members.filter((each) => !related.has(each)),
  );
  const spare = [...related].filter(
    ({ certificate, selfSigned }) =>
      !selfSigned && certificate !== leaf.certificate && !chain.includes(certificate),
  );
  return {
    leaf: leaf.certificate,
    chain,
    problem,
    spare: spare.map(({ certificate }) => certificate),
    doubtful: doubtfulIn(chain, members),
    complete: [...related].some(({ selfSigned }) => selfSigned),
  };
}

/** Checks every signature once, because cross-signed CAs can form many paths. */
function linkedMembers(certificates: readonly X509Certificate[]): Member[] {
  const members = certificates.map((certificate) => {
    const selfSigned = certificate.subject === certificate.issuer && isSignedBy(certificate, certificate);
    return { certificate, entity: entityOf(certificate), selfSigned, issuers: [] as Member[] };
  });
  for (const child of members) {
    const others = members.filter((each) => each !== child);
    child.issuers.push(...others.filter((each) => isIssuedBy(child.certificate, each.certificate)));
  }
  return members;
}

/**
 * OpenSSL takes no issuer without keyCertSign in its key usage. It is an issuer here, so that the message can name the
 * cause.
 */
function isIssuedBy(child: X509Certificate, parent: X509Certificate): boolean {
  const isNamed = child.checkIssued(parent) || (child.issuer === parent.subject && !maySign(parent));
  return isNamed && isSignedBy(child, parent);
}

const keyCertSign = 5;

function maySign(parent: X509Certificate): boolean {
  const usage = tryOr(() => extensionsOf(parent).keyUsage, null);
  return usage === null || usage.includes(keyCertSign);
}

/** Also false if OpenSSL does not support the key of the parent. */
function isSignedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return tryOr(() => child.verify(parent.publicKey), false);
}

/** A certificate that signed another one is an issuer, even if it does not declare that it is a CA. */
function findLeaf(members: readonly Member[], key: KeyObject): Member {
  const signsAnother = (one: Member) => members.some(({ issuers }) => issuers.includes(one));
  const candidates = members.filter((each) => !each.certificate.ca && !signsAnother(each));
  const [leaf, ...others] = candidates;
  if (leaf === undefined)
    throw noLeaf(
      members.map(({ certificate }) => certificate),
      key,
    );
  if (others.length > 0) throw severalLeaves(candidates);
  return leaf;
}

function entityOf(certificate: X509Certificate): string {
  const key = publicKeyOf(certificate);
  return `${key === null ? fingerprintOf(certificate) : publicKeyDigest(key)} ${certificate.subject}`;
}

/**
 * Every path from a member upwards, until a root or a certificate whose issuer is not among the input. No path contains the
 * same name and key twice: CAs that signed each other would form thousands of paths.
 */
function pathsFrom(from: Member, below: readonly Member[]): Path[] {
  const seen = [...below, from];
  const [leaf, ...chain] = seen.map(({ certificate }) => certificate) as [
    X509Certificate,
    ...X509Certificate[],
  ];
  const roots = from.issuers.filter(({ selfSigned }) => selfSigned);
  const next = from.issuers.filter(
    (each) => !each.selfSigned && !seen.some(({ entity }) => entity === each.entity),
  );
  const ended = roots.map(({ certificate }) => ({ leaf, chain, root: certificate }));
  const paths = [...ended, ...next.flatMap((each) => pathsFrom(each, seen))];
  return paths.length === 0 ? [{ leaf, chain, root: null }] : paths;
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

function refuseUnrelated(top: X509Certificate, unrelated: readonly Member[]): void {
  if (unrelated.length === 0) return;
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

/**
 * A certificate that names itself as issuer without having signed itself: a CA that changed its key (RFC 5280 section 3.2,
 * "self-issued"), or a damaged root. The key identifiers distinguish them; without these, it is doubtful.
 * @throws CertferryError ChainBroken
 */
function doubtfulIn(chain: readonly X509Certificate[], members: readonly Member[]): X509Certificate | null {
  const issuerless = members.filter(({ issuers }) => issuers.length === 0);
  const found = chain.find(
    (each) => each.subject === each.issuer && issuerless.some(({ certificate }) => certificate === each),
  );
  if (found === undefined) return null;
  const extensions = tryOr(() => extensionsOf(found), null);
  if (extensions === null || extensions.subjectKey === null || extensions.authorityKey === null) return found;
  if (extensions.subjectKey === extensions.authorityKey) throw damagedRoot(found);
  return null;
}

function damagedRoot(certificate: X509Certificate): CertferryError {
  const subject = describeCertificate(certificate);
  const message = `The chain is broken: ${subject} names itself as issuer, but its signature does not match its key. It is damaged. Remove it; a root is not needed.`;
  return new CertferryError('ChainBroken', message, { details: { subject } });
}
