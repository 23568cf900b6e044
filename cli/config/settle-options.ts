import { dirname, resolve } from 'node:path';
import { isOnThisMachine } from '../input/select-targets.ts';
import type { Config, Surroundings } from './read-config.ts';

/** The options that the configuration can supply, as the command line has them. */
export interface ConfigurableOptions {
  readonly local?: boolean;
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly state?: string;
  readonly targets?: string;
}

/** The variable of each option that has one. */
export const variables = {
  stack: 'CERTFERRY_STACK',
  region: 'CERTFERRY_REGION',
  profile: 'CERTFERRY_PROFILE',
  state: 'CERTFERRY_STATE',
  targets: 'CERTFERRY_TARGETS',
} as const satisfies Readonly<Partial<Record<keyof ConfigurableOptions, string>>>;

type Name = keyof typeof variables;

/** The options that apply to each backend. */
const namesOf: Readonly<Record<'local' | 'stack', readonly Name[]>> = {
  local: ['state', 'targets'],
  stack: ['stack', 'region', 'profile'],
};

/**
 * Completes the given options: an option, then its variable, then the file. An empty variable counts as none.
 *
 * The backend is decided first: `--local` or `--stack`, then a stack of the variable or the file, then local mode if all
 * targets of the file are on this machine. Options of the other backend are not added.
 */
export function settleOptions(
  given: ConfigurableOptions,
  config: Config | null,
  environment: Surroundings['environment'],
): ConfigurableOptions {
  const value = (name: Name) => given[name] ?? (environment[variables[name]] || fileValues(config)[name]);
  const backend = backendOf(given, value('stack'), config);
  if (backend === null) return given;
  const added = namesOf[backend].flatMap((name) => {
    const text = value(name);
    return text === undefined ? [] : [[name, text] as const];
  });
  return { ...given, ...Object.fromEntries(added), ...(backend === 'local' && { local: true }) };
}

/** Null if nothing decides. The command then reports the options that it needs. */
function backendOf(
  { local = false, stack }: ConfigurableOptions,
  chosenStack: string | undefined,
  config: Config | null,
): 'local' | 'stack' | null {
  if (local) return 'local';
  if (stack !== undefined || chosenStack !== undefined) return 'stack';
  const targets = config?.targets ?? [];
  return targets.length > 0 && targets.every(isOnThisMachine) ? 'local' : null;
}

/** The values of the file. Its targets count only if it has some: the settings of a stack need none. */
function fileValues(config: Config | null): Readonly<Partial<Record<Name, string | undefined>>> {
  if (config === null) return {};
  const { path, targets, settings = {} } = config;
  return {
    ...settings,
    ...(settings.state !== undefined && { state: resolve(dirname(path), settings.state) }),
    ...(targets.length > 0 && { targets: path }),
  };
}
