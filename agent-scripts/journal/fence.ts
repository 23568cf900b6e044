import { existsSync, readFileSync } from 'node:fs';
import type { JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import { privateFolder, writeDurably } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';

/**
 * Refuses a job whose lock has meanwhile been taken by a later one, and remembers the highest fence before anything
 * is done under it (Kleppmann: a fencing token protects only where the resource itself checks it).
 * @throws CertferryError StaleFence
 */
export function checkFence(home: Home, { targetId, deploymentId, fence }: JobHeader): void {
  const target = home.target(targetId);
  const seen = existsSync(target.fence) ? Number(readFileSync(target.fence, 'utf8')) : 0;
  if (fence < seen) {
    throw new CertferryError(
      'StaleFence',
      `deployment ${deploymentId} holds fence ${fence} of ${targetId}, but this host has seen ${seen}: a later deployment has taken over`,
      { details: { fence, seen } },
    );
  }
  if (fence === seen) return;
  privateFolder(target.root);
  writeDurably(target.fence, String(fence));
}

/** Refuses a job that arrives after its time: its sender has long decided without it. */
export function refuseExpired({ deploymentId, expiresAt }: JobHeader, now: Date): void {
  if (now.getTime() / 1_000 <= expiresAt) return;
  throw new CertferryError(
    'JobExpired',
    `the job of deployment ${deploymentId} expired at ${new Date(expiresAt * 1_000).toISOString()} and this host's clock says ${now.toISOString()}; if that clock is wrong, correct it`,
    { details: { expiresAt } },
  );
}
