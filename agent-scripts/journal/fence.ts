import { existsSync, readFileSync } from 'node:fs';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Home } from '../host/home.ts';
import { privateFolderIn, writeRecord } from '../host/space-reserve.ts';

/**
 * Refuses a job if a job with a higher fence has already run for the target. Records a new highest fence before the job
 * starts. (Kleppmann: a fencing token protects a resource only if the resource checks it.)
 *
 * Each deployment raises the fence by one, so a fence far above the last one comes from no lock. It would lock out all later
 * deployments. The first fence of a target on this host is accepted as it is.
 * @throws CertferryError StaleFence, FenceTooHigh
 */
export function checkFence(
  home: Home,
  { targetId, deploymentId, fence }: JobHeader,
  maximumStep: number,
): void {
  const target = home.target(targetId);
  const highest = existsSync(target.fence) ? Number(readFileSync(target.fence, 'utf8')) : 0;
  if (fence < highest) {
    throw new CertferryError(
      'StaleFence',
      `deployment ${deploymentId} has fence ${fence} for ${targetId}, but this host has already accepted fence ${highest}: a later deployment has replaced this one`,
      { details: { fence, highest } },
    );
  }
  if (fence === highest) return;
  if (highest > 0 && fence - highest > maximumStep) {
    throw new CertferryError(
      'FenceTooHigh',
      `deployment ${deploymentId} has fence ${fence} for ${targetId}, and the last one on this host was ${highest}: a fence may rise by at most ${maximumStep}. If so many deployments missed this host, raise maximumFenceStep of the stack or remove ${target.fence}`,
      { details: { fence, highest, maximumStep } },
    );
  }
  privateFolderIn(home, target.root);
  writeRecord(home, target.fence, String(fence));
}

/** Refuses an expired job: the state machine has already continued without it. @throws CertferryError JobExpired */
export function refuseExpired({ deploymentId, expiresAt }: JobHeader, now: Date): void {
  if (now.getTime() / 1_000 <= expiresAt) return;
  throw new CertferryError(
    'JobExpired',
    `the job of deployment ${deploymentId} expired at ${new Date(expiresAt * 1_000).toISOString()}; the clock of this host shows ${now.toISOString()}. If the clock is wrong, correct it`,
    { details: { expiresAt } },
  );
}
