import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { KeyAlgorithm, VersionFacts } from '../deployment/version.ts';
import { fingerprintOf, nameOf, short } from './fingerprint.ts';
import type { Presented } from './handshake.ts';

/** What is asked of a presented certificate. */
export interface Expectation {
  /** The version that should be there; null takes any. */
  readonly version: VersionFacts | null;
  /** The name (or IP address) that clients use; null when nobody said one. */
  readonly serverName: string | null;
  readonly requireChain: boolean;
}

/** The first thing that is wrong with what is presented, in words; null when nothing is. */
export function problemOf(presented: Presented, expected: Expectation): string | null {
  const { version, serverName, requireChain } = expected;
  return (
    leafProblem(presented.leaf, version) ??
    (requireChain ? (missingProblem(presented, version) ?? linkProblem(presented)) : null) ??
    nameProblem(presented.leaf, serverName)
  );
}

function leafProblem(leaf: X509Certificate, version: VersionFacts | null): string | null {
  const fingerprint = fingerprintOf(leaf);
  if (version === null || fingerprint === version.fingerprint) return null;
  const until = new Date(leaf.validTo).toISOString().slice(0, 10);
  return `presents ${short(fingerprint)} (${nameOf(leaf)}, valid until ${until}), not ${short(version.fingerprint)}`;
}

/** Every intermediate of the version, in its order, right after the leaf. A root sent after them does no harm. */
function missingProblem({ chain }: Presented, version: VersionFacts | null): string | null {
  const sent = chain.map(fingerprintOf);
  const missing = version?.chain.find((fingerprint) => !sent.includes(fingerprint));
  if (missing !== undefined) return `intermediate ${short(missing)} is not sent`;
  const misplaced = version?.chain.find((fingerprint, at) => sent[at] !== fingerprint);
  return misplaced === undefined ? null : `intermediate ${short(misplaced)} is sent out of order`;
}

/** Each certificate as sent has to be signed by the one sent after it (RFC 5246 §7.4.2). */
export function linkProblem({ leaf, chain }: Presented): string | null {
  const all = [leaf, ...chain];
  const at = all.findIndex((certificate, index) => !isSignedBy(certificate, all[index + 1]));
  const [certificate, next] = [all[at], all[at + 1]];
  if (certificate === undefined || next === undefined) return null;
  return `the chain is broken: certificate ${at + 1} (${nameOf(certificate)}) is not signed by the next one sent (${nameOf(next)})`;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate | undefined): boolean {
  if (issuer === undefined) return true; // the last one: its issuer is the client's to know
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key this OpenSSL cannot read signed nothing that a client could check either
  }
}

/** Whether the leaf is for the name that clients use. */
export function nameProblem(leaf: X509Certificate, serverName: string | null): string | null {
  if (serverName === null) return null;
  const covers = isIP(serverName) === 0 ? leaf.checkHost(serverName) : leaf.checkIP(serverName);
  return covers === undefined ? `does not cover ${serverName} (it is for ${namesText(leaf)})` : null;
}

const maximumNames = 5;

function namesText(leaf: X509Certificate): string {
  const names = namesOf(leaf);
  if (names.length === 0) return 'no name';
  const more = names.length - maximumNames;
  return names.slice(0, maximumNames).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** DNS names and IP addresses of the leaf. */
export function namesOf(leaf: X509Certificate): string[] {
  const entries =
    leaf.subjectAltName?.matchAll(/(?:^|, )(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g) ?? [];
  return [...entries].map(([, name = '']) => (name.startsWith('"') ? String(JSON.parse(name)) : name));
}

/** The key algorithm as a version names it; null for one that certferry does not carry. */
export function keyAlgorithmOf(leaf: X509Certificate): KeyAlgorithm | null {
  const type = keyTypeOf(leaf);
  if (type === 'rsa' || type === 'rsa-pss') return 'rsa';
  return type === 'ec' || type === 'ed25519' ? type : null;
}

function keyTypeOf(leaf: X509Certificate): string | undefined {
  try {
    return leaf.publicKey.asymmetricKeyType;
  } catch {
    return undefined; // a key this OpenSSL cannot read
  }
}
