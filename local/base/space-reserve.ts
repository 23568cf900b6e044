// Keeps space on the disk of a state folder, so that a deployment that has started can be recorded, verified and rolled back
// although other programs fill the disk.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertferryError } from '../../core/errors.ts';

/** The name of the reserve in a state folder. */
export const reserveName = 'space-reserve';

/** Bytes of the reserve: several times what the records, the database and the command of a rollback take. */
const reserveBytes = 2 * 1024 * 1024;

/**
 * Bytes that must be free beside the reserve, for one deployment and for each further one of a rollout. The first deployment to
 * a host writes about 600 KiB, a later one 80 KiB. The log of the database may grow to 4 MiB before SQLite reuses it.
 */
const firstDeploymentBytes = 4 * 1024 * 1024;
const furtherDeploymentBytes = 256 * 1024;

/**
 * Reserves space, and requires that the disk of the state folder has enough for a number of deployments. Changes nothing else.
 * @throws CertferryError StateFolderFull
 */
export function requireSpace(folder: string, deployments: number): void {
  const { free, needed, reserved } = spaceFor(folder, deployments);
  if (free < needed) throw stateFolderFull(folder, needed);
  if (reserved) return;
  const reserve = join(folder, reserveName);
  try {
    writeReserve(reserve);
  } catch (error) {
    rmSync(reserve, { force: true });
    throw isDiskFull(error) ? stateFolderFull(folder, needed) : error;
  }
}

/** Free and needed bytes of the disk of a state folder, for a number of deployments and, unless it is there, the reserve. */
export function spaceFor(folder: string, deployments: number) {
  const reserved = isReserved(join(folder, reserveName));
  const work = firstDeploymentBytes + furtherDeploymentBytes * Math.max(0, deployments - 1);
  return { free: freeBytes(folder), needed: work + (reserved ? 0 : reserveBytes), reserved };
}

/** Gives the reserved space back to the disk. False if there is none. */
export function releaseReserve(folder: string): boolean {
  const reserve = join(folder, reserveName);
  const exists = statSync(reserve, { throwIfNoEntry: false }) !== undefined;
  rmSync(reserve, { force: true });
  return exists;
}

/** Less free space than this is too little for the next step of a deployment. */
const lowBytes = 1024 * 1024;

/**
 * Writes a record of an execution that runs. Never throws: a record that cannot be written must not end a deployment. If the
 * disk is full or nearly full, it gives the reserved space back first.
 */
export function recordKeeper(folder: string, onFault: (error: unknown) => void) {
  return (write: () => void): void => {
    if (isLow(folder)) releaseReserve(folder);
    try {
      write();
    } catch (error) {
      writeAgain(folder, write, error, onFault);
    }
  };
}

function isLow(folder: string): boolean {
  try {
    return freeBytes(folder) < lowBytes;
  } catch {
    // the write reports a folder that is gone
    return false;
  }
}

function writeAgain(
  folder: string,
  write: () => void,
  error: unknown,
  onFault: (error: unknown) => void,
): void {
  if (!isDiskFull(error) || !releaseReserve(folder)) {
    onFault(error);
    return;
  }
  try {
    write();
  } catch (again) {
    onFault(again);
  }
}

/** Whether an error reports that the disk, or the quota of the user, is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
}

/** The error for a state folder whose disk has too little space. */
export function stateFolderFull(
  folder: string,
  needed: number,
  what = 'Nothing was started',
): CertferryError {
  return new CertferryError(
    'StateFolderFull',
    `the disk of the state folder ${folder} has ${kibibytes(freeBytes(folder))} free, and ${kibibytes(needed)} are needed. ${what}. Free space on this disk, or use another state folder with --state DIR.`,
    { details: { folder } },
  );
}

/** Root may use the blocks that are reserved for it (statfs(2)). Infinite for a file system that reports no size. */
function freeBytes(folder: string): number {
  const { blocks, bfree, bavail, bsize } = statfsSync(folder);
  return blocks === 0 ? Number.POSITIVE_INFINITY : (process.geteuid?.() === 0 ? bfree : bavail) * bsize;
}

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

/** A sparse or compressed file would reserve nothing. */
function isReserved(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.size >= reserveBytes && stats.blocks * 512 >= reserveBytes;
}

/** Random bytes: a file system may compress others. Two processes at once write the same number of them. */
function writeReserve(path: string): void {
  const handle = openSync(path, 'w', 0o600);
  try {
    writeFileSync(handle, randomBytes(reserveBytes));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
