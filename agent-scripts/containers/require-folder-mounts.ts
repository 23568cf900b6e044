import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { tryOr } from '../../core/certificate/try-or.ts';
import { CertferryError } from '../../core/errors.ts';

/** A container with the paths on the host of what is mounted into it. */
interface Mounted {
  readonly name: string;
  readonly mounts: readonly string[];
}

/**
 * Checks that a container sees a replaced file at each of these paths. The agent replaces a file by a rename, which gives the
 * path another inode. A mount of the single file keeps the previous inode.
 * @throws CertferryError PlanInvalid
 */
export function requireFolderMounts({ name, mounts }: Mounted, paths: readonly string[]): void {
  const sources = mounts.map((source) => tryOr(() => realpathSync(source), source));
  for (const path of paths.map(inRealFolder)) {
    if (sources.includes(path)) {
      throw refusal(
        path,
        `container ${name} mounts ${path} as a single file, so it would keep the previous file`,
      );
    }
    if (!sources.some((source) => isFolder(source) && isBelow(source, path))) {
      throw refusal(
        path,
        `no mount of container ${name} contains ${path}, so the daemon in it cannot read the new file`,
      );
    }
  }
}

function refusal(path: string, why: string): CertferryError {
  const next = `mount its folder (docker run -v ${dirname(path)}:…), create the container again, and deploy again`;
  return new CertferryError('PlanInvalid', `${why}; ${next}`, { details: { path } });
}

const inRealFolder = (path: string): string =>
  join(
    tryOr(() => realpathSync(dirname(path)), dirname(path)),
    basename(path),
  );

const isFolder = (path: string): boolean => tryOr(() => statSync(path).isDirectory(), false);

const isBelow = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
