import { existsSync, readFileSync } from 'node:fs';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Home } from '../host/home.ts';
import { privateFolderIn, writeRecord } from '../host/space-reserve.ts';

/**
 * Refuses a job if a job with a higher fence has already run for the target. Records a new highest fence before the job
 * starts. The first fence of a target on this host is accepted as it is.
 * @throws CertferryError StaleFence, FenceTooHigh
 */
export function checkFence(home: Home, header: JobHeader, maximumStep: number): void {
  const target = home.target(header.targetId);
  const highest = readFence(home, header.targetId);
  judgeFence(header, { highest, maximumStep, reset: `remove ${target.fence}` });
  if (header.fence > highest) writeFence(home, header.targetId, header.fence);
}

/** What a fence is compared with. `reset`: how an operator resets the highest fence. */
interface FenceRange {
  readonly highest: number;
  readonly maximumStep: number;
  readonly reset: string;
}

/**
 * Refuses a fence that is lower than the highest one so far, or far above it. (Kleppmann: a fencing token protects a
 * resource only if the resource checks it.) Each deployment raises the fence by one, so a fence far above the last one comes
 * from no lock. It would lock out all later deployments.
 * @throws CertferryError StaleFence, FenceTooHigh
 */
export function judgeFence(
  { targetId, deploymentId, fence }: JobHeader,
  { highest, maximumStep, reset }: FenceRange,
): void {
  if (fence < highest) {
    throw new CertferryError(
      'StaleFence',
      `deployment ${deploymentId} has fence ${fence} for ${targetId}, but this host has already accepted fence ${highest}: a later deployment has replaced this one`,
      { details: { fence, highest } },
    );
  }
  if (highest > 0 && fence - highest > maximumStep) {
    throw new CertferryError(
      'FenceTooHigh',
      `deployment ${deploymentId} has fence ${fence} for ${targetId}, and the last one on this host was ${highest}: a fence may rise by at most ${maximumStep}. If so many deployments missed this host, raise maximumFenceStep of the stack or ${reset}`,
      { details: { fence, highest, maximumStep } },
    );
  }
}

/** The highest fence of all jobs of a target so far; 0 before the first. */
export function readFence(home: Home, targetId: string): number {
  const { fence } = home.target(targetId);
  return existsSync(fence) ? Number(readFileSync(fence, 'utf8')) : 0;
}

/** Records a new highest fence durably. */
export function writeFence(home: Home, targetId: string, fence: number): void {
  const target = home.target(targetId);
  privateFolderIn(home, target.root);
  writeRecord(home, target.fence, String(fence));
}

/** Refuses an expired job: the state machine has already continued without it. @throws CertferryError JobExpired */
export function refuseExpired({ deploymentId, expiresAt }: JobHeader, now: Date): void {
  if (now.getTime() / 1_000 <= expiresAt) return;
  throw new CertferryError(
    'JobExpired',
    `the job of deployment ${deploymentId} expired at ${new Date(expiresAt * 1_000).toISOString()}; the clock of this host shows ${now.toISOString()}. If the clock is wrong, correct it. If it is right, the host was suspended while the command ran: deploy again`,
    { details: { expiresAt } },
  );
}
