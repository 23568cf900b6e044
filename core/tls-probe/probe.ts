import { isIP } from 'node:net';
import { fingerprintOf, keyAlgorithmOf } from '../certificate/facts.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { VersionFacts } from '../deployment/version.ts';
import { isNoRoute, isUnavailable, toProbeError } from '../probe-failure.ts';
import { maximumSamplingSeconds } from '../targets/probe-time.ts';
import { endpointParts, type Verify } from '../targets/verify.ts';
import { type Address, addressesOf, addressText } from './addresses.ts';
import { type HandshakeOptions, type HandshakeResult, handshake } from './handshake.ts';
import { type Sample, summarizeSamples, takeSamples } from './sample.ts';
import { type LeafPredicate, servedProblem } from './served-problem.ts';

/** The input of {@link probe}. With `version: null`, only the chain and the name are checked. */
export interface ProbeOptions {
  readonly verify: Verify;
  readonly version: VersionFacts | null;
  /** Accepts leaves of other versions too. */
  readonly alsoAccepts?: LeafPredicate;
  /** Aborts the probe: addresses without a result then have a problem that names the timeout. */
  readonly signal?: AbortSignal | undefined;
}

/** The observation of an address, and whether it failed only because this machine has no route to its family. */
interface AddressProbe {
  readonly address: Address;
  readonly observation: Observation;
  readonly noRoute: boolean;
}

/** A handshake with the address. */
interface AddressSample extends Sample {
  /** The result of the first handshake, if the sample is that of a second one: see {@link servedFor}. */
  readonly first: Sample | null;
  readonly noRoute: boolean;
}

/**
 * Probes all addresses of the endpoint in parallel, each with `successThreshold` handshakes. Returns one observation per
 * address, which is `ok` only if every handshake succeeded. Never throws: an error becomes the `problem` of the observation.
 *
 * If this machine has no route to an address family while another family answers, the observation is `ok` without a
 * fingerprint, and `problem` gives the reason. An observation is `unavailable` if nothing else is wrong with its address than
 * that a handshake could not be made.
 */
export async function probe(options: ProbeOptions): Promise<Observation[]> {
  const { endpoint, timeoutSeconds } = options.verify;
  const { host, port } = endpointParts(endpoint);
  const signal = options.signal ?? AbortSignal.timeout(maximumSamplingSeconds(options.verify) * 1000);
  try {
    const addresses = await addressesOf(host, timeoutSeconds);
    const probes = await Promise.all(
      addresses.map((address) => probeAddress(address, port, { ...options, signal })),
    );
    return probes.map((one) => withoutRoute(one, probes));
  } catch (error) {
    const failure = toProbeError(error);
    const observation = { address: endpoint, fingerprint: null, ok: false, problem: failure.message };
    return [isUnavailable(failure) ? { ...observation, unavailable: true } : observation];
  }
}

async function probeAddress(address: Address, port: number, options: ProbeOptions): Promise<AddressProbe> {
  const samples = await takeSamples(options.verify.successThreshold, () =>
    handshakeOnce(address, port, options),
  );
  const { fingerprint, problem, unavailable } = summarizeSamples(judgedTogether(samples));
  const observation: Observation = {
    ...{ address: addressText(address, port), fingerprint, ok: problem === null, problem },
    ...(unavailable === true && { unavailable }),
  };
  return { address, observation, noRoute: samples.every(({ noRoute }) => noRoute) };
}

async function handshakeOnce(
  address: Address,
  port: number,
  { verify, version, alsoAccepts, signal }: ProbeOptions,
): Promise<AddressSample> {
  const serverName = serverNameOf(verify);
  const { protocol, timeoutSeconds, requireChain } = verify;
  const expected = { version, alsoAccepts, serverName, requireChain };
  try {
    const { first, served } = await servedFor(version, {
      address: address.address,
      port,
      protocol,
      serverName,
      timeoutSeconds,
      keyAlgorithm: null,
      signal,
    });
    const judged = (result: HandshakeResult): Sample => ({
      fingerprint: fingerprintOf(result.leaf),
      problem: servedProblem(result, expected),
    });
    return { ...judged(served), first: served === first ? null : judged(first), noRoute: false };
  } catch (error) {
    const failure = toProbeError(error);
    return {
      ...{ fingerprint: null, problem: failure.message, first: null },
      ...{ noRoute: isNoRoute(failure), unavailable: isUnavailable(failure) },
    };
  }
}

/**
 * A server with certificates of two algorithms chooses the same one in every first handshake. If only some of the first
 * handshakes got the version, the other leaf belongs to another listener, and the second handshake does not excuse it.
 */
function judgedTogether(samples: readonly AddressSample[]): readonly Sample[] {
  const isDirect = samples.some(({ problem, first }) => problem === null && first === null);
  return isDirect ? samples.map((sample) => sample.first ?? sample) : samples;
}

/** The certificates of the first handshake, and those to judge: of the first or the second handshake. */
export interface ServedForVersion {
  readonly first: HandshakeResult;
  readonly served: HandshakeResult;
}

/**
 * A server with an RSA and an ECDSA certificate chooses by the algorithms that the client offers. If it serves the one of
 * the other algorithm, a second handshake offers only the algorithm of the version. The first handshake offers all, because
 * some servers compare their whole chain with the offered algorithms, and an ECDSA leaf may have an RSA root.
 */
export async function servedFor(
  version: VersionFacts | null,
  options: HandshakeOptions,
): Promise<ServedForVersion> {
  const first = await handshake(options);
  if (version === null || fingerprintOf(first.leaf) === version.fingerprint) return { first, served: first };
  if (keyAlgorithmOf(first.leaf) === version.keyAlgorithm) return { first, served: first };
  try {
    return { first, served: await handshake({ ...options, keyAlgorithm: version.keyAlgorithm }) };
  } catch {
    return { first, served: first }; // the server has no certificate of that algorithm
  }
}

/** The name for SNI, which the leaf must cover: `serverName`, else the host of the endpoint unless it is an address. */
export function serverNameOf({
  endpoint,
  serverName,
}: Pick<Verify, 'endpoint' | 'serverName'>): string | null {
  const { host } = endpointParts(endpoint);
  return serverName ?? (isIP(host) === 0 ? host : null);
}

/** Excuses an address without a route, as long as an address of another family answered. */
function withoutRoute(probe: AddressProbe, all: readonly AddressProbe[]): Observation {
  const reached = all.filter(({ observation }) => observation.fingerprint !== null);
  const families = reached.map(({ address }) => address.family);
  const excused = probe.noRoute && families.length > 0 && !families.includes(probe.address.family);
  if (!excused) return probe.observation;
  const { unavailable: _, ...observation } = probe.observation;
  return { ...observation, ok: true, problem: `not probed: ${observation.problem}` };
}
