import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import type { Change } from '../change/change.ts';
import { missingSpace } from '../host/disk-space.ts';
import { withFileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { quoteArgv } from '../host/run-command.ts';
import { fillReserve } from '../host/space-reserve.ts';

/** Bytes of a staged file beside its content: the rest of its last block, its name, and its extended attributes. */
const fileOverheadBytes = 4_096;

/** Journal, receipt and the other records, beside the backups. */
const recordsBytes = 65_536;

/**
 * Requires that every file of a change can be replaced with a rename, and that the disks have space for it. Writes no live file,
 * and opens none for writing: a daemon that watches the file would detect that.
 * @throws CertferryError PlanInvalid for a protected file; StagingFailed for a disk without space
 */
export function requireReplaceable(home: Home, change: Change, contents: readonly Buffer[]): void {
  const mountPoints = readMountPoints();
  for (const { path } of change.files) {
    const problem =
      boundProblem(path, mountPoints) ?? immutableProblem(dirname(path)) ?? immutableProblem(path);
    if (problem !== null)
      throw new CertferryError('PlanInvalid', `${problem}; nothing was changed`, { details: { path } });
  }
  const bytes = change.files.map((_, index) => (contents[index]?.length ?? 0) + fileOverheadBytes);
  withFileUser(change.fileUser, () => requireSpaceBeside(change, bytes));
  fillReserve(home, recordsBytes + sum(bytes));
}

/** A bind mount of a single file, as containers have it. rename(2): EBUSY for a mount point. */
function boundProblem(path: string, mountPoints: ReadonlySet<string>): string | null {
  if (!mountPoints.has(path)) return null;
  return `${path} is a mount point of its own (a bind mount of a single file), so it cannot be replaced by another file. Mount its folder ${dirname(path)} instead, or deploy to the file that is mounted there`;
}

/**
 * The kernel refuses write access to an immutable file with EPERM, and to any other file with EACCES or EROFS
 * (inode_permission in fs/namei.c; FS_IMMUTABLE_FL in ioctl_iflags(2)). A missing file is no problem.
 */
function immutableProblem(path: string): string | null {
  try {
    accessSync(path, constants.W_OK);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
    return `${path} is immutable (lsattr shows "i"), so no program can replace it. Find out why it is protected, then run: ${quoteArgv(['chattr', '-i', path])}`;
  }
}

/** proc_pid_mountinfo(5): the fifth field is the mount point, with space, tab, line feed and backslash as octal numbers. */
function readMountPoints(): ReadonlySet<string> {
  if (process.platform !== 'linux') return new Set();
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return new Set(lines.map((line) => unescaped(line.split(' ')[4] ?? '')));
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** New files stay beside the live ones, and a rollback may need a second copy. */
function requireSpaceBeside({ files }: Change, bytes: readonly number[]): void {
  const needed = new Map<string, number>();
  for (const [index, { path }] of files.entries()) {
    const folder = dirname(path);
    needed.set(folder, (needed.get(folder) ?? 0) + (bytes[index] ?? 0));
  }
  for (const [folder, each] of needed) {
    const missing = missingSpace(folder, each);
    if (missing !== null) {
      throw new CertferryError('StagingFailed', `${missing}; nothing was changed`, {
        details: { path: folder },
      });
    }
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
