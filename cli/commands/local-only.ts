import { UsageError } from '../usage-error.ts';

/** Options that every command on a state folder has. */
export interface LocalOptions {
  readonly local?: boolean;
  readonly state: string;
  readonly json?: boolean;
}

export const defaultState = '.certferry';

/** Throws UsageError without `--local`: what runs in an account is started there. */
export function requireLocalMode({ local }: LocalOptions, command: string): void {
  if (local === true) return;
  throw new UsageError(
    `${command} works on this machine: say --local. A deployment in an AWS account is started with ` +
      '"aws stepfunctions start-execution" and seen in the Step Functions console: docs/deploying.md.',
  );
}

/** A command line of ours to copy, with the state folder when it is not the usual one. */
export function ownCommand({ state }: LocalOptions): (words: string) => string {
  const flag = (words: string) =>
    state === defaultState || !words.includes('--local') ? '' : ` --state ${quoted(state)}`;
  return (words) => `certferry ${words}${flag(words)}`;
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
