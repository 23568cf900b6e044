import { daysUntil, nameLine } from '../certificate/describe.ts';
import { epochSeconds, fingerprintOf, namesOf } from '../certificate/facts.ts';
import type { VersionFacts } from '../deployment/version.ts';
import { isNoRoute, toProbeError } from '../probe-failure.ts';
import type { ProbeProtocol } from '../targets/kinds/probe-protocol.ts';
import { endpointParts } from '../targets/verify.ts';
import { type Address, addressesOf, addressText } from './addresses.ts';
import type { Served } from './handshake.ts';
import { servedFor, serverNameOf } from './probe.ts';
import { linkProblem, nameProblem } from './served-problem.ts';

export interface InspectionOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly serverName?: string | undefined;
  readonly protocol: ProbeProtocol;
  readonly timeoutSeconds: number;
  /** What should be there: a server with certificates of several algorithms is asked for this one's. */
  readonly version?: VersionFacts | null | undefined;
}

/** What one address serves; either `served` or `problem` is null. */
export interface AddressInspection {
  readonly address: string;
  readonly problem: string | null;
  readonly served: ServedFacts | null;
  /** This machine has no route to the address's family, which says nothing about the endpoint. */
  readonly noRoute?: true;
}

/** Times are epoch seconds; `chainLength` counts every certificate sent, the leaf included. */
export interface ServedFacts {
  readonly tlsVersion: string;
  readonly cipher: string;
  readonly fingerprint: string;
  readonly subject: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whole days until it expires; negative once it has. */
  readonly daysLeft: number;
  readonly chainLength: number;
  /** The fingerprints of what is sent after the leaf, in that order. */
  readonly chain: readonly string[];
  /** What a client could hold against it, in words. */
  readonly warnings: readonly string[];
}

/** Looks once at every address of an endpoint, without a judgement. Throws ProbeFailed when the name has no address. */
export async function inspectEndpoint(question: InspectionOptions, now: Date): Promise<AddressInspection[]> {
  const { host, port } = endpointParts(question.endpoint);
  const addresses = await addressesOf(host, question.timeoutSeconds);
  return await Promise.all(addresses.map((address) => lookAt(address, port, question, now)));
}

async function lookAt(
  address: Address,
  port: number,
  question: InspectionOptions,
  now: Date,
): Promise<AddressInspection> {
  const text = addressText(address, port);
  const serverName = serverNameOf(question);
  const { protocol, timeoutSeconds } = question;
  const approach = { address: address.address, port, protocol, serverName, timeoutSeconds };
  try {
    const served = await servedFor(question.version ?? null, { ...approach, keyAlgorithm: null });
    return { address: text, problem: null, served: factsOf(served, serverName, now) };
  } catch (error) {
    const look = { address: text, problem: toProbeError(error).message, served: null };
    return isNoRoute(error) ? { ...look, noRoute: true } : look;
  }
}

function factsOf(served: Served, serverName: string | null, now: Date): ServedFacts {
  const { leaf, chain, tlsVersion, cipher } = served;
  const [notBefore, notAfter] = [epochSeconds(leaf.validFrom), epochSeconds(leaf.validTo)];
  return {
    tlsVersion,
    cipher,
    fingerprint: fingerprintOf(leaf),
    subject: nameLine(leaf.subject),
    names: namesOf(leaf),
    issuer: nameLine(leaf.issuer),
    notBefore,
    notAfter,
    daysLeft: daysUntil(notAfter, now),
    chainLength: 1 + chain.length,
    chain: chain.map(fingerprintOf),
    warnings: [
      linkProblem(served),
      nameProblem(leaf, serverName),
      validityProblem(notBefore, notAfter, now),
    ].filter((warning) => warning !== null),
  };
}

function validityProblem(notBefore: number, notAfter: number, now: Date): string | null {
  if (now.getTime() / 1000 > notAfter) return 'has expired';
  return now.getTime() / 1000 < notBefore ? 'is not valid yet' : null;
}
