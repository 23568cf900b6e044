// Which of several paths a server sends. Cross-signed CAs and renewed intermediates allow more than one.
import type { X509Certificate } from 'node:crypto';
import { type CertferryError, isCertferryError } from '../errors.ts';
import { epochSeconds, fingerprintOf } from './facts.ts';
import { lintCertificate } from './lint.ts';
import { pathProblem } from './path-validation.ts';

/** One way from the leaf upwards. `chain`: the intermediates; `root`: null if it is not among the input. */
export interface Path {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly root: X509Certificate | null;
}

/** A path, and the first reason why clients refuse it now. */
export interface JudgedPath {
  readonly path: Path;
  readonly problem: CertferryError | null;
}

/**
 * What a path is chosen by, the most important first. The larger number is preferred.
 *
 * - Clients accept the path now.
 * - It ends at a root that is valid now. An expired or missing root may belong to an old cross-signature.
 * - No intermediate expires before the leaf.
 * - It is longer: it also works for clients that have only the older root.
 * - Its first intermediate to expire expires later.
 */
const preferences: readonly ((judged: JudgedPath, now: Date) => number)[] = [
  ({ problem }) => Number(problem === null),
  ({ path: { root } }, now) => Number(root !== null && isValid(root, now)),
  ({ path }) => Number(expiryOf(path) >= epochSeconds(path.leaf.validTo)),
  ({ path: { chain } }) => chain.length,
  ({ path }) => expiryOf(path),
];

/** The path that a server should send. It does not depend on the order of the paths, of which there must be one. */
export function bestPath(paths: readonly Path[], now: Date): JudgedPath {
  const lint = lintedOnce(now);
  const ranked = paths
    .map((path) => ({ path, problem: problemOf(path, lint) }))
    .map((judged) => ({ judged, rank: preferences.map((preference) => preference(judged, now)) }));
  const [best] = ranked.toSorted(
    (one, other) => compareRanks(other.rank, one.rank) || compareNames(one.judged.path, other.judged.path),
  );
  if (best === undefined) throw new Error('there is no path');
  return best.judged;
}

type Lint = (certificate: X509Certificate) => CertferryError | null;

/** Dates, key and signature of each certificate, judged once for all paths. */
function lintedOnce(now: Date): Lint {
  const known = new Map<X509Certificate, CertferryError | null>();
  return (certificate) => {
    const problem = known.get(certificate) ?? refusalOf(() => lintCertificate(certificate, now));
    known.set(certificate, problem);
    return problem;
  };
}

/** Clients judge neither the dates nor the signature of a root. */
function problemOf({ leaf, chain, root }: Path, lint: Lint): CertferryError | null {
  const sent = [leaf, ...chain];
  const linted = sent.map(lint).find((problem) => problem !== null);
  return linted ?? pathProblem(root === null ? sent : [...sent, root]);
}

function refusalOf(call: () => void): CertferryError | null {
  try {
    call();
    return null;
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}

function isValid({ validFrom, validTo }: X509Certificate, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  return epochSeconds(validFrom) <= seconds && seconds <= epochSeconds(validTo);
}

/** Epoch seconds; infinite without intermediates. */
function expiryOf({ chain }: Path): number {
  return Math.min(...chain.map(({ validTo }) => epochSeconds(validTo)));
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : Number(one[at]) - Number(other[at]);
}

/** Decides between equal paths by their fingerprints, so that the order of the input never matters. */
function compareNames(one: Path, other: Path): number {
  const nameOf = ({ chain, root }: Path) =>
    [...chain, ...(root === null ? [] : [root])].map(fingerprintOf).join();
  return nameOf(one) < nameOf(other) ? -1 : 1;
}
