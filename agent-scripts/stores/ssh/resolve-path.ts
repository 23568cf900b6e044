import { basename, dirname, join, resolve } from 'node:path/posix';
import { CertferryError } from '../../../core/errors.ts';
import type { RemoteFiles } from './remote-files.ts';

/** Maximum number of symbolic links followed for one path, as in Linux (path_resolution(7)). */
const maximumLinks = 40;

/**
 * The path of the file behind a configured path. Follows symbolic links, also to a file that does not exist yet: the link
 * remains, and the file behind it is replaced.
 * @throws CertferryError PlanInvalid if the folder is missing, or the path is not that of a regular file
 */
export async function resolvePath(server: string, files: RemoteFiles, path: string): Promise<string> {
  let current = path;
  for (let links = 0; links <= maximumLinks; links += 1) {
    const folder = await realFolder(server, files, current, path);
    const candidate = join(folder, basename(current));
    const kind = await files.kindOf(candidate);
    if (kind === null || kind === 'file') return candidate;
    if (kind !== 'link') throw notAFile(server, path, candidate);
    current = resolve(folder, await files.readLink(candidate));
  }
  throw notAFile(server, path, current);
}

async function realFolder(
  server: string,
  files: RemoteFiles,
  current: string,
  configured: string,
): Promise<string> {
  const folder = dirname(current);
  // lstat(2) of "folder/." follows a link and fails for anything that is not a folder
  if ((await files.kindOf(`${folder}/.`)) === 'folder') return files.realPath(folder);
  throw new CertferryError(
    'PlanInvalid',
    `${configured}: the folder ${folder} does not exist on ${server}; create it`,
    { details: { path: configured, folder, server } },
  );
}

function notAFile(server: string, configured: string, found: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `${configured}: ${found} on ${server} is not a regular file; correct the path in the target's configuration`,
    { details: { path: configured, server } },
  );
}
