/**
 * The agent for targets in a store, on a host. The SSM document `certferry-store-agent` starts it with one job, as the other
 * document starts `agent.ts`. It has the clients of the services, which the agent for files does not need.
 *
 * It verifies the signature, opens the job and performs it with the records in its folder. It neither recovers nor changes the
 * files of other targets.
 */
import { factsOfPem } from '../core/certificate/facts.ts';
import type { AgentLine } from '../core/deployment/agent-line.ts';
import type { Bundle } from '../core/deployment/version.ts';
import { CertferryError, isCertferryError } from '../core/errors.ts';
import type { ReadJob } from '../core/seal/job-text.ts';
import { type StoreJobBody, type UnsealedJob, unsealStoreJob } from '../core/seal/unseal.ts';
import type { VerifiedJob } from '../core/seal/verify-job.ts';
import type { AgentEnvironment } from './host/agent-environment.ts';
import { openSealed } from './host/host-keys.ts';
import { enrolled, retireKey, unknownKey, withHostKey } from './jobs/host-key-results.ts';
import { acceptOnce } from './journal/accepted-jobs.ts';
import { refuseExpired } from './journal/fence.ts';
import { rejected } from './journal/result-line.ts';
import { messageOf, performSigned, printResult, type StartedJob, startedEnvironment } from './start-agent.ts';
import { folderHome } from './stores/folder-home.ts';
import { performStoreJob } from './stores/perform-store-job.ts';
import type { PreviousBundles } from './stores/store.ts';

async function perform({ environment, verified, job }: StartedJob): Promise<AgentLine> {
  const header = job.sealed ? job.header : job.job.header;
  const started = await start(environment, verified, job).catch((error: unknown) =>
    rejected(header, isCertferryError(error) ? error : unexpected(error)),
  );
  return 'outcome' in started ? started : performOpened(environment, started);
}

function unexpected(error: unknown): CertferryError {
  return new CertferryError('StagingFailed', `the job failed: ${messageOf(error)}`);
}

/** A sealed job that this host can open, and the warnings of the steps before it. */
type OpenedJob = UnsealedJob<StoreJobBody> & { readonly before: readonly string[] };

/** The steps that change no store. Returns the result of a job that ends with them. */
async function start(
  environment: AgentEnvironment,
  verified: VerifiedJob,
  job: ReadJob,
): Promise<AgentLine | OpenedJob> {
  const { home } = environment;
  acceptOnce(home, verified, new Date());
  if (!job.sealed) return performOpen(environment, job);
  // first retires the key of a job that was killed before it could, unless this job needs the key again
  const before = retireKey(home, job.kid);
  const opened = await openSealed(home, job, unsealStoreJob);
  return opened === null ? unknownKey(home, job) : { ...opened, before };
}

/** @throws Error if the outcome is not certain: the agent then ends without a result, and the next job recovers */
async function performOpened(
  { home, fenceStep }: AgentEnvironment,
  { header, body, before }: OpenedJob,
): Promise<AgentLine> {
  const { target, bundle, credentials, previous, replaces } = body;
  const line = await performStoreJob(folderHome(home, header.targetId), {
    header,
    target,
    bundle,
    credentials,
    // also the new one: a deployment that repairs the chain replaces the same version
    previous: bundlesIn(bundle === null ? previous : [...previous, bundle]),
    replaces,
    fenceStep,
  });
  const warnings = [...line.warnings, ...before, ...retireKey(home, null)];
  return withHostKey(home, { ...line, warnings });
}

/** The versions that the job carries. */
function bundlesIn(bundles: readonly Bundle[]): PreviousBundles {
  const byFingerprint = new Map(bundles.map((bundle) => [factsOfPem(bundle.leaf)?.fingerprint, bundle]));
  return { find: async (fingerprint) => byFingerprint.get(fingerprint) ?? null };
}

async function performOpen(
  { home }: AgentEnvironment,
  { job: { header } }: ReadJob & { sealed: false },
): Promise<AgentLine> {
  refuseExpired(header, new Date());
  if (header.action === 'enroll') return enrolled(home, header, null);
  throw new CertferryError(
    'JobUnreadable',
    `the job ${header.action} for a target in a store must be sealed`,
  );
}

const environment = startedEnvironment();
if (environment.role === 'probe') throw new Error('this agent accepts signed jobs only');
printResult(performSigned(environment, perform));
