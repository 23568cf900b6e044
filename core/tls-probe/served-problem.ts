import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dayOf, nameLine, shortFingerprint } from '../certificate/describe.ts';
import { fingerprintOf, namesOf } from '../certificate/facts.ts';
import { tryOr } from '../certificate/try-or.ts';
import type { VersionFacts } from '../deployment/version.ts';
import type { Served } from './handshake.ts';

/** Whether a leaf is right though it is not the version's. */
export type LeafPredicate = (leaf: X509Certificate) => boolean;

/** What is asked of a served certificate. */
export interface Expectation {
  /** The version that should be there; null takes any. */
  readonly version: VersionFacts | null;
  readonly besides?: LeafPredicate | undefined;
  /** The name (or IP address) that clients use; null when nobody said one. */
  readonly serverName: string | null;
  readonly requireChain: boolean;
}

/** The first thing that is wrong with what is served, in words; null when nothing is. */
export function problemOf(served: Served, expected: Expectation): string | null {
  const { serverName, requireChain } = expected;
  const version = expectedOf(served.leaf, expected);
  return (
    leafProblem(served.leaf, version) ??
    (requireChain ? (missingProblem(served, version) ?? linkProblem(served)) : null) ??
    nameProblem(served.leaf, serverName)
  );
}

/** The version that this leaf has to be of; null where any, or this one too, is right. */
function expectedOf(leaf: X509Certificate, { version, besides }: Expectation): VersionFacts | null {
  if (version === null || fingerprintOf(leaf) === version.fingerprint) return version;
  return besides?.(leaf) === true ? null : version;
}

function leafProblem(leaf: X509Certificate, version: VersionFacts | null): string | null {
  const fingerprint = fingerprintOf(leaf);
  if (version === null || fingerprint === version.fingerprint) return null;
  return `serves ${shortFingerprint(fingerprint)} (${nameLine(leaf.subject)}, valid until ${dayOf(leaf.validTo)}), not ${shortFingerprint(version.fingerprint)}`;
}

/** Every intermediate of the version, in its order, right after the leaf. A root sent after them does no harm. */
function missingProblem({ chain }: Served, version: VersionFacts | null): string | null {
  const sent = chain.map(fingerprintOf);
  const missing = version?.chain.find((fingerprint) => !sent.includes(fingerprint));
  if (missing !== undefined) return `intermediate ${shortFingerprint(missing)} is not sent`;
  const misplaced = version?.chain.find((fingerprint, at) => sent[at] !== fingerprint);
  return misplaced === undefined ? null : `intermediate ${shortFingerprint(misplaced)} is sent out of order`;
}

/** Each certificate as sent has to be signed by the one sent after it (RFC 5246 §7.4.2). */
export function linkProblem({ leaf, chain }: Served): string | null {
  const all = [leaf, ...chain];
  const at = all.findIndex((certificate, index) => !isSignedBy(certificate, all[index + 1]));
  const [certificate, next] = [all[at], all[at + 1]];
  if (certificate === undefined || next === undefined) return null;
  return `the chain is broken: certificate ${at + 1} (${nameLine(certificate.subject)}) is not signed by the next one sent (${nameLine(next.subject)})`;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate | undefined): boolean {
  if (issuer === undefined) return true; // the last one: its issuer is the client's to know
  // a key this OpenSSL cannot read signed nothing that a client could check either
  return tryOr(() => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey), false);
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
