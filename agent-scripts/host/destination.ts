import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CertferryError } from '../../core/errors.ts';

/** Links in a row that are followed; more is a circle (Linux gives up at 40 too: path_resolution(7)). */
const linkLimit = 40;

/**
 * Where the bytes of a configured path live: symbolic links are followed, also one whose target does not exist yet,
 * so that the link stays and what it points to is replaced.
 * @throws CertferryError PlanInvalid when the folder is missing, or something that is not a file is in the way
 */
export function resolveDestination(path: string): string {
  let current = path;
  for (let links = 0; links <= linkLimit; links += 1) {
    const folder = realFolder(current, path);
    const here = join(folder, basename(current));
    const stats = lstatSync(here, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) return here;
    if (!stats.isSymbolicLink()) throw notAFile(path, here);
    current = resolve(folder, readlinkSync(here));
  }
  throw notAFile(path, current);
}

function realFolder(current: string, configured: string): string {
  const folder = dirname(current);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return realpathSync(folder);
  throw new CertferryError(
    'PlanInvalid',
    `${configured}: the folder ${folder} does not exist; create it on the host`,
    {
      details: { path: configured, folder },
    },
  );
}

function notAFile(configured: string, found: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `${configured}: ${found} is not a regular file; correct the path in the target's config`,
    { details: { path: configured } },
  );
}
