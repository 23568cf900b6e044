import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../terminal/errors.ts';

/** What the state folder depends on. */
export interface StateSettings {
  /** Effective user id. Undefined on a system without user ids. */
  readonly uid: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Home folder of the user. */
  readonly home: string;
}

/** The settings of this process. */
export function stateSettings(): StateSettings {
  return { uid: process.geteuid?.(), environment: process.env, home: homedir() };
}

/** The folder of `--state`, else that of CERTFERRY_STATE. Undefined if there is neither; an empty variable counts as none. */
export function chosenState(
  option: string | undefined,
  { environment } = stateSettings(),
): string | undefined {
  return option ?? (environment.CERTFERRY_STATE || undefined);
}

/** {@link chosenState}, else {@link defaultState}. */
export function selectedState(option: string | undefined, settings = stateSettings()): string {
  return chosenState(option, settings) ?? defaultState(settings);
}

/**
 * The folder that local mode uses without an option or variable. It does not depend on the working directory, because another
 * user may write to that. A relative XDG_STATE_HOME is ignored (XDG Base Directory Specification 0.8).
 *
 * Root has the folder that is also the home of the agent of a stack; no entry of one has the name of an entry of the other.
 *
 * @throws UsageError if the home folder of the user is unknown
 */
export function defaultState({ uid, environment, home }: StateSettings): string {
  if (uid === 0) return '/var/lib/certferry';
  const { XDG_STATE_HOME: stateHome = '' } = environment;
  if (isAbsolute(stateHome)) return join(stateHome, 'certferry');
  if (isAbsolute(home)) return join(home, '.local/state/certferry');
  throw new UsageError(
    `the home folder "${home}" is not an absolute path, so there is no default state folder. Name one with --state DIR.`,
  );
}

/** {@link defaultState} in the help, for all users. */
export const defaultStateText =
  'CERTFERRY_STATE, else /var/lib/certferry for root and ~/.local/state/certferry for other users';
