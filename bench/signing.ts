import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { homeAt } from '../agent-scripts/host/home.ts';
import { acceptOnce } from '../agent-scripts/journal/accepted-jobs.ts';
import { verifyJob } from '../core/seal/verify-job.ts';
import { signed, testAgentEnvironment, testHostId, testKey } from '../test/fixtures/signed-jobs.ts';
import { measureInTurn, runProgram, show } from './measure.ts';

const rounds = 30;
const agent = join(import.meta.dirname, '../dist/agent/agent.cjs');

/** The size of a sealed job with an ECDSA leaf and one intermediate. */
const job = 'a'.repeat(4_000);

/**
 * What signatures add to a deployment: to sign (with a key in a file; KMS adds its round trip), to verify in the agent, and to
 * record the id of the job. The agent refuses both jobs; one before and one after it has verified the signature.
 */
export async function signatures(folder: string): Promise<string[]> {
  const home = homeAt(join(folder, 'signatures'));
  mkdirSync(home.root);
  const text = await signed(job);
  const environment = (text: string) => ({
    env: {
      PATH: process.env.PATH,
      CERTFERRY_HOME: home.root,
      CERTFERRY_JOB: text,
      ...testAgentEnvironment,
      NODE_COMPILE_CACHE: join(home.root, 'compiled'),
    },
  });
  const forAnotherHost = await signed(job, { host: 'another' });
  const times = await measureInTurn(rounds, {
    sign: () => signed(job),
    verify: () => verifyJob(text, { keys: testKey.publicKeys, host: testHostId }),
    record: (round) => {
      acceptOnce(home, { text: job, id: `job-${round}`, expiresAt: 9_999_999_999 }, new Date());
    },
  });
  // apart from the writes above, which would slow the program after them
  const starts = await measureInTurn(2 * rounds, {
    unverified: () => void runProgram(process.execPath, [agent], environment(job)),
    verified: () => void runProgram(process.execPath, [agent], environment(forAnotherHost)),
  });
  const added = starts.verified.median - starts.unverified.median;
  return [
    `sign, key in a file               ${show(times.sign)}`,
    `verify, in a running process      ${show(times.verify)}`,
    `record the id of a job            ${show(times.record)}`,
    `agent that refuses at once        ${show(starts.unverified)}`,
    `agent that verifies, then refuses ${show(starts.verified)}`,
    `added by verifying in the agent   ${added.toFixed(1)} ms, ratio ${(starts.verified.median / starts.unverified.median).toFixed(2)}`,
  ];
}
