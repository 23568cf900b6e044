import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dayOf, listNames, nameLine, shortFingerprint } from '../certificate/describe.ts';
import { fingerprintOf, namesOf } from '../certificate/facts.ts';
import { tryOr } from '../certificate/try-or.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { HandshakeResult } from './handshake.ts';

/** Whether another leaf than that of the version is accepted too. */
export type LeafPredicate = (leaf: X509Certificate) => boolean;

/** The certificate that an endpoint should serve. */
export interface ExpectedCertificate {
  /** The expected version; null accepts any. */
  readonly version: VersionFacts | null;
  readonly alsoAccepts?: LeafPredicate | undefined;
  /** The name or IP address that clients use; null if unknown. */
  readonly serverName: string | null;
  readonly requireChain: boolean;
}

/** The first problem of a served certificate, as text; null if there is none. */
export function servedProblem(served: HandshakeResult, expected: ExpectedCertificate): string | null {
  const { serverName, requireChain } = expected;
  const version = requiredVersion(served.leaf, expected);
  return (
    leafProblem(served.leaf, version) ??
    (requireChain ? (missingProblem(served, version) ?? linkProblem(served)) : null) ??
    nameProblem(served.leaf, serverName)
  );
}

/** The version that the leaf must belong to; null if the leaf is accepted without one. */
function requiredVersion(
  leaf: X509Certificate,
  { version, alsoAccepts }: ExpectedCertificate,
): VersionFacts | null {
  if (version === null || fingerprintOf(leaf) === version.fingerprint) return version;
  return alsoAccepts?.(leaf) === true ? null : version;
}

function leafProblem(leaf: X509Certificate, version: VersionFacts | null): string | null {
  const fingerprint = fingerprintOf(leaf);
  if (version === null || fingerprint === version.fingerprint) return null;
  return `serves ${shortFingerprint(fingerprint)} (${nameLine(leaf.subject)}, valid until ${dayOf(leaf.validTo)}), not ${shortFingerprint(version.fingerprint)}`;
}

/** The intermediates of the version must follow the leaf, in order. A root after them is harmless. */
function missingProblem({ chain }: HandshakeResult, version: VersionFacts | null): string | null {
  const sent = chain.map(fingerprintOf);
  const missing = version?.chain.find((fingerprint) => !sent.includes(fingerprint));
  if (missing !== undefined) return `intermediate ${shortFingerprint(missing)} is not sent`;
  const misplaced = version?.chain.find((fingerprint, at) => sent[at] !== fingerprint);
  return misplaced === undefined ? null : `intermediate ${shortFingerprint(misplaced)} is sent out of order`;
}

/** Each certificate must be signed by the next one sent (RFC 5246 §7.4.2). */
export function linkProblem({ leaf, chain }: HandshakeResult): string | null {
  const all = [leaf, ...chain];
  const at = all.findIndex((certificate, index) => !isSignedBy(certificate, all[index + 1]));
  const [certificate, next] = [all[at], all[at + 1]];
  if (certificate === undefined || next === undefined) return null;
  return `the chain is broken: certificate ${at + 1} (${nameLine(certificate.subject)}) is not signed by the next one sent (${nameLine(next.subject)})`;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate | undefined): boolean {
  if (issuer === undefined) return true; // the client has the issuer of the last certificate
  // clients cannot check a signature of a key that OpenSSL cannot read either
  return tryOr(() => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey), false);
}

/** The problem if the leaf does not cover the name that clients use; null if it does. */
export function nameProblem(leaf: X509Certificate, serverName: string | null): string | null {
  if (serverName === null) return null;
  const covers = isIP(serverName) === 0 ? leaf.checkHost(serverName) : leaf.checkIP(serverName);
  return covers === undefined ? `does not cover ${serverName} (it is for ${listNames(namesOf(leaf))})` : null;
}
