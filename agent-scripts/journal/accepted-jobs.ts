import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import type { VerifiedJob } from '../../core/seal/verify-job.ts';
import type { Home } from '../host/home.ts';
import { readRecord } from '../host/read-record.ts';
import { writeRecord } from '../host/space-reserve.ts';

/**
 * The ids of accepted jobs, each with the time (epoch seconds) at which the job expires. `forgottenUntil`: ids of jobs that
 * expired at this time or before may be missing. Its value comes from signed jobs only, so a wrong clock cannot raise it.
 */
const AcceptedJobs = z.strictObject({
  v: z.literal(1),
  forgottenUntil: z.int(),
  jobs: z.record(z.string(), z.int()),
});
type AcceptedJobs = z.infer<typeof AcceptedJobs>;

/** Seconds. The clock of the host may be corrected by this much, and an expired job is still known. */
const rememberedSeconds = 86_400;

/**
 * Accepts a signed job once. The id is on the disk before the job changes anything. The caller must hold the host lock.
 * @throws CertferryError JobReplayed if the job was accepted before; nothing is written then
 */
export function acceptOnce(home: Home, { id, expiresAt }: VerifiedJob, now: Date): void {
  const accepted = readAccepted(home);
  if (Object.hasOwn(accepted.jobs, id)) throw replayed(`this host has already accepted it (id ${id})`);
  if (expiresAt <= accepted.forgottenUntil)
    throw replayed('it is older than the jobs that this host remembers');
  const forgetBefore = Math.floor(now.getTime() / 1_000) - rememberedSeconds;
  writeRecord(home, home.acceptedJobs, JSON.stringify(withJob(accepted, { id, expiresAt, forgetBefore })));
}

function withJob(
  { forgottenUntil, jobs }: AcceptedJobs,
  { id, expiresAt, forgetBefore }: Pick<VerifiedJob, 'id' | 'expiresAt'> & { readonly forgetBefore: number },
): AcceptedJobs {
  const isForgotten = ([, expires]: [string, number]) => expires < forgetBefore;
  const forgotten = Object.entries(jobs).filter(isForgotten);
  const kept = Object.entries(jobs).filter((entry) => !isForgotten(entry));
  return {
    v: 1,
    forgottenUntil: Math.max(forgottenUntil, ...forgotten.map(([, expires]) => expires)),
    jobs: Object.fromEntries([...kept, [id, expiresAt]]),
  };
}

function readAccepted({ acceptedJobs }: Home): AcceptedJobs {
  const nextStep = 'remove it; this host then accepts once more each job that has not expired';
  return readRecord(acceptedJobs, AcceptedJobs, nextStep) ?? { v: 1, forgottenUntil: 0, jobs: {} };
}

function replayed(why: string): CertferryError {
  return new CertferryError(
    'JobReplayed',
    `The job is refused: ${why}, and nothing was changed. certferry signs each delivery again, so find out who sent this command a second time.`,
  );
}
