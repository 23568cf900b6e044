import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { type ConfigFile, parseConfig } from '../../core/registry/targets-file.ts';
import { readText } from '../input/read-files.ts';

/** The name of the file that is searched for in the working directory and its parents. */
export const configName = 'certferry.yaml';

/** What the configuration depends on. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** The file for all users of the machine. */
  readonly systemFile: string;
}

/** The surroundings of this process. */
export function ownSurroundings(): Surroundings {
  return {
    environment: process.env,
    workingDirectory: process.cwd(),
    systemFile: `/etc/certferry/${configName}`,
  };
}

/** A `certferry.yaml`, parsed. `path` is absolute. */
export interface Config extends ConfigFile {
  readonly path: string;
}

/**
 * Finds and parses the configuration. It is the file `named` (the value of `--targets`), else that of CERTFERRY_TARGETS, else
 * `certferry.yaml` in the working directory or its nearest parent, else `/etc/certferry/certferry.yaml`. Null if there is none.
 *
 * A file contains commands, which run with the privileges of the user that starts certferry. If the file was searched for,
 * only root and that user may be able to change it, its folder and their parents.
 *
 * Options and variables have precedence over `settings`, and `program.ts` applies all of them before a command runs. So a
 * command needs this function only for the content of the file.
 *
 * @throws UsageError if a named file cannot be read
 * @throws CertferryError UntrustedPath if another user can change a file that was searched for
 * @throws CertferryError InvalidTarget with file and field, one line per problem
 */
export function readConfig(named: string | undefined, surroundings = ownSurroundings()): Config | null {
  const file = named ?? (surroundings.environment.CERTFERRY_TARGETS || undefined);
  if (file !== undefined) return parsed(resolve(surroundings.workingDirectory, file), file);
  const found = findConfig(surroundings);
  if (found === null) return null;
  requireTrustedPath('the configuration', found, '. Or name a file with --targets FILE or CERTFERRY_TARGETS');
  return parsed(found, found);
}

/** The nearest `certferry.yaml`, else the file of the system. Null if neither exists. Reads neither. */
export function findConfig({
  workingDirectory,
  systemFile,
}: Omit<Surroundings, 'environment'>): string | null {
  const candidates = [
    ...foldersUpwards(workingDirectory).map((folder) => join(folder, configName)),
    systemFile,
  ];
  return candidates.find((path) => existsSync(path)) ?? null;
}

function foldersUpwards(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpwards(parent)];
}

/** Messages have the path as the operator knows it. */
function parsed(path: string, shown: string): Config {
  return { ...parseConfig(readText(path, 'the targets file'), shown), path };
}
