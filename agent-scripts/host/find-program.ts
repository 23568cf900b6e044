import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/**
 * Whether a program of this name can be started, by the rules of execvp(3). A name with a slash is a path, relative to
 * `/`. Any other name is searched in the folders of `searchPath`.
 */
export function isStartable(name: string, searchPath: string): boolean {
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : join('/', name)]
    : searchPath.split(':').map((folder) => join(folder, name));
  return candidates.some(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
