import type { BackendOptions } from './backend-options.ts';
import { chosenState } from './state-option.ts';

const withoutBackend = new Set(['probe', 'check', 'schema', 'demo', 'help']);

/** Builds command lines that the operator can copy, with the same backend options as the running command. */
export function commandLineFor(options: BackendOptions): (command: string) => string {
  return (command) => {
    const [name = '', ...rest] = command.split(' ');
    if (withoutBackend.has(name)) return `certferry ${command}`;
    const [first, last] = backendArguments(options);
    return ['certferry', name, first, ...rest, ...last].join(' ');
  };
}

function backendArguments({ stack, state, region, profile }: BackendOptions): [string, string[]] {
  // also a folder from CERTFERRY_STATE: another shell may not have the variable
  if (stack === undefined) return ['--local', optionArguments('--state', chosenState(state))];
  return [
    `--stack ${quoted(stack)}`,
    [...optionArguments('--region', region), ...optionArguments('--profile', profile)],
  ];
}

const optionArguments = (option: string, value: string | undefined) =>
  value === undefined ? [] : [option, quoted(value)];

/** A word for a shell. */
export function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
