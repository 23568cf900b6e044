import { isIP } from 'node:net';
import { fingerprintOf, keyAlgorithmOf } from '../certificate/facts.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { VersionFacts } from '../deployment/version.ts';
import { isNoRoute, toProbeError } from '../probe-failure.ts';
import { endpointParts, type Verify } from '../targets/verify.ts';
import { type Address, addressesOf, addressText } from './addresses.ts';
import { type Approach, handshake, type Served } from './handshake.ts';
import { type LeafPredicate, problemOf } from './served-problem.ts';

/** Does the endpoint serve this version? `version: null` asks only for a chain that builds and a name that fits. */
export interface ProbeOptions {
  readonly verify: Verify;
  readonly version: VersionFacts | null;
  /** Leaves of other versions that are right here as well. */
  readonly besides?: LeafPredicate;
  /** When it is time to stop: what has not been seen by then has a problem that says so. */
  readonly signal?: AbortSignal | undefined;
}

/** An observation, and whether it failed only because this machine has no route to the address's family. */
interface Look {
  readonly address: Address;
  readonly observation: Observation;
  readonly noRoute: boolean;
}

/**
 * Looks once at every address of the endpoint, all at the same time; on each `successThreshold` handshakes, up to the first
 * that fails. Gives one observation an address and never throws: what went wrong is the observation's `problem`.
 *
 * An address that was left out because its family has no route from here, while another family answered, is `ok` without
 * a fingerprint, and its `problem` says so.
 */
export async function probe(question: ProbeOptions): Promise<Observation[]> {
  const { endpoint, timeoutSeconds } = question.verify;
  const { host, port } = endpointParts(endpoint);
  try {
    const addresses = await addressesOf(host, timeoutSeconds);
    const inspections = await Promise.all(addresses.map((address) => lookAt(address, port, question)));
    return inspections.map((look) => withoutRoute(look, inspections));
  } catch (error) {
    return [{ address: endpoint, fingerprint: null, ok: false, problem: toProbeError(error).message }];
  }
}

async function lookAt(address: Address, port: number, question: ProbeOptions): Promise<Look> {
  const { successThreshold } = question.verify;
  let look = await lookOnce(address, port, question);
  for (let count = 2; count <= successThreshold && look.observation.ok; count += 1) {
    look = await lookOnce(address, port, question);
    const { problem } = look.observation;
    if (problem !== null) {
      const counted = `handshake ${count} of ${successThreshold}: ${problem}`;
      look = { ...look, observation: { ...look.observation, problem: counted } };
    }
  }
  return look;
}

async function lookOnce(
  address: Address,
  port: number,
  { verify, version, besides, signal }: ProbeOptions,
): Promise<Look> {
  const serverName = serverNameOf(verify);
  const { protocol, timeoutSeconds, requireChain } = verify;
  const seen = { address: addressText(address, port) };
  try {
    const served = await servedFor(version, {
      address: address.address,
      port,
      protocol,
      serverName,
      timeoutSeconds,
      keyAlgorithm: null,
      signal,
    });
    const problem = problemOf(served, { version, besides, serverName, requireChain });
    const fingerprint = fingerprintOf(served.leaf);
    return { address, noRoute: false, observation: { ...seen, fingerprint, ok: problem === null, problem } };
  } catch (error) {
    const { message } = toProbeError(error);
    const observation = { ...seen, fingerprint: null, ok: false, problem: message };
    return { address, noRoute: isNoRoute(error), observation };
  }
}

/**
 * A server with an RSA and an ECDSA certificate chooses by what the client can verify, so when it serves one of the
 * other algorithm it is asked again for this one. Not asked so at once: some servers hold their whole chain against
 * the client's signature algorithms, and an ECDSA leaf may well hang from an RSA root.
 */
export async function servedFor(version: VersionFacts | null, approach: Approach): Promise<Served> {
  const first = await handshake(approach);
  if (version === null || fingerprintOf(first.leaf) === version.fingerprint) return first;
  if (keyAlgorithmOf(first.leaf) === version.keyAlgorithm) return first;
  try {
    return await handshake({ ...approach, keyAlgorithm: version.keyAlgorithm });
  } catch {
    return first; // it has no certificate of that algorithm: the one it does have is the answer
  }
}

/** The name to ask for and to be covered: the target's own word, else the endpoint's host unless that is an address. */
export function serverNameOf({
  endpoint,
  serverName,
}: Pick<Verify, 'endpoint' | 'serverName'>): string | null {
  const { host } = endpointParts(endpoint);
  return serverName ?? (isIP(host) === 0 ? host : null);
}

/** No route to a whole family says nothing about the endpoint, as long as another family reached it. */
function withoutRoute(look: Look, all: readonly Look[]): Observation {
  const reached = all.filter(({ observation }) => observation.fingerprint !== null);
  const families = reached.map(({ address }) => address.family);
  const excused = look.noRoute && families.length > 0 && !families.includes(look.address.family);
  if (!excused) return look.observation;
  return { ...look.observation, ok: true, problem: `not looked at: ${look.observation.problem}` };
}
