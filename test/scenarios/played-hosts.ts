// Hosts that are played in this process: each remembers which versions it was told to have. Of scripts, agents, files and
// daemons they cannot show anything; what they answer is what an agent would.
import { X509Certificate } from 'node:crypto';
import { fingerprintOf } from '../../core/certificate/facts.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import { type HostPrivateKey, makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { readJob } from '../../core/seal/job-text.ts';
import { unseal } from '../../core/seal/unseal.ts';
import type { SimulatedHost } from '../../local/ssm/simulated.ts';
import { versionOf } from '../core/tls-probe/endpoints.ts';
import type { IssuedCertificate } from '../fixtures/certificates.ts';

/** What hosts do otherwise than they are told, by their numbers. */
export interface Manners {
  /** Their daemons refuse every version. */
  readonly fails?: readonly number[];
  /** They keep what they have when they are told to go back. */
  readonly staysWhenReverted?: readonly number[];
}

export interface PlayedHosts {
  readonly simulated: SimulatedHost;
  behave(manners: Manners): void;
  /** Which of them have this version now. */
  have(version: IssuedCertificate): number[];
  /** To which of them it was ever applied. */
  applied(version: IssuedCertificate): number[];
}

/** The target on host `local-<number>`. */
export const idOf = (at: number) => `web-${at}`;
const numberOf = (targetId: string) => Number(targetId.slice('web-'.length));

type Ends = Partial<AgentLine> & Pick<AgentLine, 'outcome' | 'summary'>;

export async function playedHosts(
  size: number,
  versions: readonly IssuedCertificate[],
): Promise<PlayedHosts> {
  const key = await makeHostKey();
  const stacks = new Map(Array.from({ length: size }, (_, at) => [at, [] as IssuedCertificate[]]));
  const applied = new Set<string>();
  let manners: Manners = {};
  const deploy = async (at: number, job: string): Promise<Ends> => {
    const stack = stacks.get(at) ?? [];
    const wanted = await versionIn(job, key, versions);
    if (manners.fails?.includes(at) === true) return { outcome: 'validate_failed', summary: 'refused' };
    const before = stack.at(-1);
    stack.push(wanted);
    applied.add(`${at} ${wanted.fingerprint}`);
    return { outcome: 'applied', summary: 'applied', ...between(before, wanted) };
  };
  const rollback = (at: number): Ends => {
    const stack = stacks.get(at) ?? [];
    if (manners.staysWhenReverted?.includes(at) === true)
      return { outcome: 'reload_failed', summary: 'it stays' };
    const before = stack.pop();
    return { outcome: 'applied', summary: 'back', ...between(before, stack.at(-1)) };
  };
  const simulated: SimulatedHost = async ({ job }) => {
    const read = readJob(job);
    const { deploymentId, targetId, action } = read.sealed ? read.header : read.job.header;
    const at = numberOf(targetId);
    const ends = async (): Promise<Ends> => {
      if (action === 'enroll') return { outcome: 'enrolled', summary: 'enrolled' };
      return action === 'rollback' ? rollback(at) : deploy(at, job);
    };
    const known = { deploymentId, targetId, hostKey: publicHostKey(key) };
    return JSON.stringify(agentLine({ ...known, ...(await ends()) }));
  };
  const those = (is: (at: number) => boolean) => [...stacks.keys()].filter(is);
  return {
    simulated,
    behave(next) {
      manners = next;
    },
    have: (version) => those((at) => stacks.get(at)?.at(-1) === version),
    applied: ({ fingerprint }) => those((at) => applied.has(`${at} ${fingerprint}`)),
  };
}

const factsOf = (version: IssuedCertificate | undefined) =>
  version === undefined ? null : versionOf(version);

const between = (before: IssuedCertificate | undefined, now: IssuedCertificate | undefined) => ({
  version: factsOf(now),
  previousVersion: factsOf(before),
});

/** The bundle is opened as a host opens it: what was sealed to another key, or is nobody's version, is an error. */
async function versionIn(job: string, key: HostPrivateKey, versions: readonly IssuedCertificate[]) {
  const { body } = await unseal(job, key);
  const fingerprint = fingerprintOf(new X509Certificate(body.bundle.leaf));
  const found = versions.find((version) => version.fingerprint === fingerprint);
  if (found === undefined) throw new Error(`nobody issued ${fingerprint}`);
  return found;
}
