import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CertferryError } from '../../core/errors.ts';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';

const orSetFileUser = '. Or set fileUser of the target to the user who writes there';

/** Maximum number of symbolic links followed for one path, as in Linux (path_resolution(7)). */
const maximumLinks = 40;

/**
 * The path of the file behind a configured path. Follows symbolic links, also to a file that does not exist yet: the
 * agent keeps the link and replaces the file. In every folder on the way, only root and the effective user may write.
 * @throws CertferryError UntrustedPath; PlanInvalid if the folder is missing, or the path is not that of a regular file
 */
export function resolveDestination(path: string): string {
  let current = path;
  for (let links = 0; links <= maximumLinks; links += 1) {
    requireTrustedPath('the folder', dirname(current), orSetFileUser);
    const folder = realFolder(current, path);
    const candidate = join(folder, basename(current));
    const stats = lstatSync(candidate, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) return candidate;
    if (!stats.isSymbolicLink()) throw notAFile(path, candidate);
    current = resolve(folder, readlinkSync(candidate));
  }
  throw notAFile(path, current);
}

function realFolder(current: string, configured: string): string {
  const folder = dirname(current);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return realpathSync(folder);
  throw new CertferryError(
    'PlanInvalid',
    `${configured}: the folder ${folder} does not exist on the host; create it`,
    {
      details: { path: configured, folder },
    },
  );
}

function notAFile(configured: string, found: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `${configured}: ${found} is not a regular file; correct the path in the target's configuration`,
    { details: { path: configured } },
  );
}
