import { UsageError } from '../terminal/errors.ts';

/** Options that say where a command works. */
export interface PlaceOptions {
  readonly local?: boolean;
  readonly state?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** A stack in an account. Region and profile default to what the AWS SDK finds by itself. */
export interface StackPlace {
  readonly kind: 'stack';
  readonly stack: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
}

/** This machine, with a state folder; or a stack. */
export type Place = { readonly kind: 'local'; readonly state: string } | StackPlace;

export const defaultState = '.certferry';

/** Where the command works. Throws UsageError unless exactly one of `--local` and `--stack` is said. */
export function placeOf(options: PlaceOptions, command: string): Place {
  const { local = false, state, stack, region, profile } = options;
  if (local === (stack !== undefined)) {
    throw new UsageError(
      local
        ? `${command}: --local and --stack exclude each other: this machine, or an account`
        : `${command} needs to know where: --local for this machine, or --stack NAME for a certferry stack in AWS`,
    );
  }
  if (stack === undefined) {
    if (region === undefined && profile === undefined) {
      return { kind: 'local', state: state ?? defaultState };
    }
    throw new UsageError('--region and --profile go with --stack: this machine has neither');
  }
  if (state !== undefined)
    throw new UsageError('--state goes with --local: a stack keeps everything in its account');
  return { kind: 'stack', stack, region, profile };
}

/** The stack that a command needs. Throws UsageError where it is not said. */
export function stackOf(options: PlaceOptions, command: string): StackPlace {
  const { stack, region, profile, local = false } = options;
  if (stack !== undefined && !local) return { kind: 'stack', stack, region, profile };
  throw new UsageError(
    `${command} works on a certferry stack in AWS: say --stack NAME${local ? ', not --local' : ''}`,
  );
}

/** Throws UsageError for the first of these options that was given: it means nothing there. */
export function refuseOptions(given: Readonly<Record<string, unknown>>, where: string): void {
  for (const [option, value] of Object.entries(given)) {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (isGiven) throw new UsageError(`${option} means nothing with ${where}`);
  }
}

/** Throws UsageError for an option that names a file of this machine: with `--stack` nothing is read from it. */
export function refuseOwnFiles(options: {
  readonly targets?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly chain?: string | undefined;
  readonly passphraseFile?: string | undefined;
}): void {
  const { targets, cert, key, chain, passphraseFile } = options;
  refuseOptions(
    {
      '--targets': targets,
      '--cert': cert,
      '--key': key,
      '--chain': chain,
      '--passphrase-file': passphraseFile,
    },
    '--stack: the stack knows its targets and where versions come from',
  );
}

/** Throws UsageError for the first of these options that is missing. */
export function requireOptions(wanted: Readonly<Record<string, unknown>>, where: string): void {
  for (const [option, value] of Object.entries(wanted)) {
    if (value === undefined) throw new UsageError(`${option} is needed with ${where}`);
  }
}

const placeless = new Set(['probe', 'check', 'schema', 'demo', 'help']);

/** A command line of ours to copy, with the place it works in. */
export function ownCommand(options: PlaceOptions): (words: string) => string {
  return (words) => {
    const [command = '', ...rest] = words.split(' ');
    if (placeless.has(command)) return `certferry ${words}`;
    const [before, after] = placeWords(options);
    return ['certferry', command, before, ...rest, ...after].join(' ');
  };
}

function placeWords({ stack, state = defaultState, region, profile }: PlaceOptions): [string, string[]] {
  if (stack === undefined) return ['--local', state === defaultState ? [] : ['--state', quoted(state)]];
  const more = [...said('--region', region), ...said('--profile', profile)];
  return [`--stack ${quoted(stack)}`, more];
}

const said = (option: string, value: string | undefined) =>
  value === undefined ? [] : [option, quoted(value)];

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
