import { daysUntil, nameLine } from '../certificate/describe.ts';
import { epochSeconds, fingerprintOf, namesOf } from '../certificate/facts.ts';
import type { VersionFacts } from '../deployment/version.ts';
import { isNoRoute, isUnavailable, toProbeError } from '../probe-failure.ts';
import type { ProbeProtocol } from '../targets/kinds/probe-protocol.ts';
import { endpointParts } from '../targets/verify.ts';
import { type Address, addressesOf, addressText } from './addresses.ts';
import type { HandshakeResult } from './handshake.ts';
import { servedFor, serverNameOf } from './probe.ts';
import { linkProblem, nameProblem } from './served-problem.ts';

export interface InspectionOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly serverName?: string | undefined;
  readonly protocol: ProbeProtocol;
  readonly timeoutSeconds: number;
  /** The expected version: if the server has certificates of several key algorithms, the probe asks for this one's. */
  readonly version?: VersionFacts | null | undefined;
}

/** The certificate that one address serves, or the problem; one of `served` and `problem` is null. */
export interface AddressInspection {
  readonly address: string;
  readonly problem: string | null;
  readonly served: ServedFacts | null;
  /** This machine has no route to the address family, so the state of the address is unknown. */
  readonly noRoute?: true;
  /** The probe could not be made for another reason of this machine, so the state of the address is unknown too. */
  readonly unavailable?: true;
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
  /** The fingerprints of the certificates sent after the leaf, in order. */
  readonly chain: readonly string[];
  /** Problems that clients may report, as text. */
  readonly warnings: readonly string[];
}

/**
 * Probes every address of an endpoint with one handshake and returns what each serves, without a judgement. One handshake keeps
 * the drift sweep cheap: it probes every endpoint of the registry, again and again.
 * @throws CertferryError ProbeFailed if the name has no address, ProbeUnavailable if it cannot be resolved now
 */
export async function inspectEndpoint(options: InspectionOptions, now: Date): Promise<AddressInspection[]> {
  const { host, port } = endpointParts(options.endpoint);
  const addresses = await addressesOf(host, options.timeoutSeconds);
  return await Promise.all(addresses.map((address) => inspectAddress(address, port, options, now)));
}

async function inspectAddress(
  address: Address,
  port: number,
  options: InspectionOptions,
  now: Date,
): Promise<AddressInspection> {
  const text = addressText(address, port);
  const serverName = serverNameOf(options);
  const { protocol, timeoutSeconds } = options;
  const target = { address: address.address, port, protocol, serverName, timeoutSeconds };
  try {
    const { served } = await servedFor(options.version ?? null, { ...target, keyAlgorithm: null });
    return { address: text, problem: null, served: factsOf(served, serverName, now) };
  } catch (error) {
    const failure = toProbeError(error);
    const inspection = { address: text, problem: failure.message, served: null };
    if (isNoRoute(failure)) return { ...inspection, noRoute: true };
    return isUnavailable(failure) ? { ...inspection, unavailable: true } : inspection;
  }
}

function factsOf(served: HandshakeResult, serverName: string | null, now: Date): ServedFacts {
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
