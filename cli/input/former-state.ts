import { existsSync, lstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BackendOptions } from '../options/backend-options.ts';
import { chosenState, defaultState, stateSettings } from '../options/state-option.ts';

/** The state folder of certferry before it had a default folder per user. */
const formerState = '.certferry';

/**
 * A hint if the working directory has a state folder of an earlier certferry, and the default folder does not exist yet. Null
 * if there is nothing to report. Reads nothing in either folder. A folder of another user is not mentioned.
 */
export function formerStateHint(
  { local = false, state }: BackendOptions,
  workingDirectory = process.cwd(),
  settings = stateSettings(),
): string | null {
  if (!local || chosenState(state, settings) !== undefined) return null;
  const folder = defaultState(settings);
  const former = resolve(workingDirectory, formerState);
  if (existsSync(folder) || !isOwnFolder(former, settings.uid)) return null;
  const parent = dirname(folder);
  const move = `${existsSync(parent) ? '' : `mkdir -p ${parent} && `}mv ${formerState} ${folder}`;
  return `hint: certferry does not use ${former} any more: the state folder is now ${folder}. To keep the history, run "${move}", or add --state ${formerState}`;
}

function isOwnFolder(path: string, uid: number | undefined): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === (uid ?? stats.uid);
}
