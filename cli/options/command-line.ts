import { type BackendOptions, defaultState } from './backend-options.ts';

const withoutBackend = new Set(['probe', 'check', 'schema', 'demo', 'help']);

/** Builds command lines that the operator can copy, with the same backend options as the running command. */
export function commandLineFor(options: BackendOptions): (words: string) => string {
  return (words) => {
    const [command = '', ...rest] = words.split(' ');
    if (withoutBackend.has(command)) return `certferry ${words}`;
    const [first, last] = backendWords(options);
    return ['certferry', command, first, ...rest, ...last].join(' ');
  };
}

function backendWords({ stack, state = defaultState, region, profile }: BackendOptions): [string, string[]] {
  if (stack === undefined) return ['--local', state === defaultState ? [] : ['--state', quoted(state)]];
  return [
    `--stack ${quoted(stack)}`,
    [...optionWords('--region', region), ...optionWords('--profile', profile)],
  ];
}

const optionWords = (option: string, value: string | undefined) =>
  value === undefined ? [] : [option, quoted(value)];

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
