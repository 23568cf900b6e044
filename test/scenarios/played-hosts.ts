// Hosts simulated in this process. Each remembers the versions that jobs installed on it, and returns the line that an agent
// would print. They run no scripts, agents or daemons and write no files.
import { X509Certificate } from 'node:crypto';
import { fingerprintOf } from '../../core/certificate/facts.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import { type HostPrivateKey, makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { readJob } from '../../core/seal/job-text.ts';
import { unseal } from '../../core/seal/unseal.ts';
import type { SimulatedHost } from '../../local/ssm/simulated.ts';
import { versionOf } from '../core/tls-probe/endpoints.ts';
import type { IssuedCertificate } from '../fixtures/certificates.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';

/** The hosts that do not do what a job asks, by number. */
export interface HostFaults {
  /** Their daemons refuse every version. */
  readonly fails?: readonly number[];
  /** Their rollback jobs fail, and they keep their version. */
  readonly failsRollback?: readonly number[];
}

export interface PlayedHosts {
  readonly simulated: SimulatedHost;
  setFaults(faults: HostFaults): void;
  /** The hosts that have this version now. */
  having(version: IssuedCertificate): number[];
  /** The hosts that have ever installed this version. */
  everInstalled(version: IssuedCertificate): number[];
}

/** The target on host `local-<number>`. */
export const idOf = (at: number) => `web-${at}`;
const numberOf = (targetId: string) => Number(targetId.slice('web-'.length));

type Result = Partial<AgentLine> & Pick<AgentLine, 'outcome' | 'summary'>;

export async function playedHosts(
  size: number,
  versions: readonly IssuedCertificate[],
): Promise<PlayedHosts> {
  const key = await makeHostKey();
  const stacks = new Map(Array.from({ length: size }, (_, at) => [at, [] as IssuedCertificate[]]));
  const installed = new Set<string>();
  let faults: HostFaults = {};
  const deploy = async (at: number, job: string): Promise<Result> => {
    const stack = stacks.get(at) ?? [];
    const desired = await versionIn(job, key, versions);
    if (faults.fails?.includes(at) === true) return { outcome: 'validate_failed', summary: 'refused' };
    const previous = stack.at(-1);
    stack.push(desired);
    installed.add(`${at} ${desired.fingerprint}`);
    return { outcome: 'applied', summary: 'applied', ...versionChange(previous, desired) };
  };
  const rollback = (at: number): Result => {
    const stack = stacks.get(at) ?? [];
    if (faults.failsRollback?.includes(at) === true)
      return { outcome: 'reload_failed', summary: 'reload failed' };
    const previous = stack.pop();
    return { outcome: 'applied', summary: 'restored', ...versionChange(previous, stack.at(-1)) };
  };
  const simulated: SimulatedHost = async ({ job }) => {
    const read = readJob(withoutSignature(job));
    const { deploymentId, targetId, action } = read.sealed ? read.header : read.job.header;
    const at = numberOf(targetId);
    const result = async (): Promise<Result> => {
      if (action === 'enroll') return { outcome: 'enrolled', summary: 'enrolled' };
      return action === 'rollback' ? rollback(at) : deploy(at, job);
    };
    const identity = { deploymentId, targetId, hostKey: publicHostKey(key) };
    return JSON.stringify(agentLine({ ...identity, ...(await result()) }));
  };
  const hostsWhere = (is: (at: number) => boolean) => [...stacks.keys()].filter(is);
  return {
    simulated,
    setFaults(next) {
      faults = next;
    },
    having: (version) => hostsWhere((at) => stacks.get(at)?.at(-1) === version),
    everInstalled: ({ fingerprint }) => hostsWhere((at) => installed.has(`${at} ${fingerprint}`)),
  };
}

const factsOf = (version: IssuedCertificate | undefined) =>
  version === undefined ? null : versionOf(version);

const versionChange = (previous: IssuedCertificate | undefined, now: IssuedCertificate | undefined) => ({
  version: factsOf(now),
  previousVersion: factsOf(previous),
});

/** Unseals the bundle as a host does. Throws if it is sealed to another key or contains an unexpected version. */
async function versionIn(job: string, key: HostPrivateKey, versions: readonly IssuedCertificate[]) {
  const { body } = await unseal(withoutSignature(job), key);
  const fingerprint = fingerprintOf(new X509Certificate(body.bundle.leaf));
  const found = versions.find((version) => version.fingerprint === fingerprint);
  if (found === undefined) throw new Error(`The test issued no version with the fingerprint ${fingerprint}`);
  return found;
}
