import { daysUntil, nameLine } from '../certificate/describe.ts';
import { epochSeconds, fingerprintOf, namesOf } from '../certificate/facts.ts';
import type { VersionFacts } from '../deployment/version.ts';
import { endpointParts, type ProbeProtocol } from '../target/verify.ts';
import { type Address, addressesOf, addressText } from './addresses.ts';
import type { Presented } from './handshake.ts';
import { linkProblem, nameProblem } from './presented.ts';
import { presentedFor, serverNameOf } from './probe.ts';
import { inWords, isNoRoute } from './words.ts';

export interface LookQuestion {
  /** `host:port`. */
  readonly endpoint: string;
  readonly serverName?: string | undefined;
  readonly protocol: ProbeProtocol;
  readonly timeoutSeconds: number;
  /** What should be there: a server with certificates of several algorithms is asked for this one's. */
  readonly version?: VersionFacts | null | undefined;
}

/** What one address presents; either `presented` or `problem` is null. */
export interface AddressLook {
  readonly address: string;
  readonly problem: string | null;
  readonly presented: PresentedFacts | null;
  /** This machine has no route to the address's family, which says nothing about the endpoint. */
  readonly noRoute?: true;
}

/** Times are epoch seconds; `chainLength` counts every certificate sent, the leaf included. */
export interface PresentedFacts {
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
export async function look(question: LookQuestion, now: Date): Promise<AddressLook[]> {
  const { host, port } = endpointParts(question.endpoint);
  const addresses = await addressesOf(host, question.timeoutSeconds);
  return await Promise.all(addresses.map((address) => lookAt(address, port, question, now)));
}

async function lookAt(
  address: Address,
  port: number,
  question: LookQuestion,
  now: Date,
): Promise<AddressLook> {
  const text = addressText(address, port);
  const serverName = serverNameOf(question);
  const { protocol, timeoutSeconds } = question;
  const approach = { address: address.address, port, protocol, serverName, timeoutSeconds };
  try {
    const presented = await presentedFor(question.version ?? null, { ...approach, keyAlgorithm: null });
    return { address: text, problem: null, presented: factsOf(presented, serverName, now) };
  } catch (error) {
    const look = { address: text, problem: inWords(error).message, presented: null };
    return isNoRoute(error) ? { ...look, noRoute: true } : look;
  }
}

function factsOf(presented: Presented, serverName: string | null, now: Date): PresentedFacts {
  const { leaf, chain, tlsVersion, cipher } = presented;
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
      linkProblem(presented),
      nameProblem(leaf, serverName),
      validityProblem(notBefore, notAfter, now),
    ].filter((warning) => warning !== null),
  };
}

function validityProblem(notBefore: number, notAfter: number, now: Date): string | null {
  if (now.getTime() / 1000 > notAfter) return 'has expired';
  return now.getTime() / 1000 < notBefore ? 'is not valid yet' : null;
}
