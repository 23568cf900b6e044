import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/**
 * Whether a program can be started by this name, by the rules of execvp(3): with a slash it is a path (from `/`, where
 * commands run), otherwise it is looked for in each folder of `searchPath`.
 */
export function isStartable(name: string, searchPath: string): boolean {
  const places = name.includes('/')
    ? [isAbsolute(name) ? name : join('/', name)]
    : searchPath.split(':').map((folder) => join(folder, name));
  return places.some(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
