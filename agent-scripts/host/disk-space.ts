import { statfsSync } from 'node:fs';

/** Errors of a disk that every write on it has, each as a sentence with the next step. */
const problems: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'the disk quota is exhausted; free some space',
  EROFS:
    'the file system is read-only; check the kernel log for errors of the disk, then remount it (mount -o remount,rw)',
  EIO: 'the disk reports an input/output error; check the kernel log, then replace or repair the disk',
};

/** What the disk reports with an error, or with its cause, and the next step. Null for an error of another kind. */
export function diskProblem(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  return problems['code' in error ? String(error.code) : ''] ?? diskProblem(error.cause);
}

/**
 * Cleans up after a change whose outcome is known. A failing disk must not hide that outcome: the journal remains, and the next
 * run cleans up again.
 */
export function unlessDiskFails(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch (error) {
    if (diskProblem(error) === null) throw error;
  }
}

/** Whether an error reports that no space is left. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException)?.code ?? '');
}

/**
 * What is missing if fewer than `needed` bytes are free on the file system of `folder`, as one sentence. Null if there are enough,
 * or if the file system does not report its size. Root may use the blocks that are reserved for it (statfs(2)).
 */
export function missingSpace(folder: string, needed: number): string | null {
  const { blocks, bfree, bavail, bsize } = statfsSync(folder);
  const free = (process.geteuid?.() === 0 ? bfree : bavail) * bsize;
  if (blocks === 0 || free >= needed) return null;
  return `the disk is full: ${folder} has ${kibibytes(free)} free, and the deployment needs ${kibibytes(needed)}; free some space`;
}

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;
