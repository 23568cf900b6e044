import { splitWords } from './command.ts';

/** nginx and its derivatives, which have the same options. */
const programs = /^(nginx|nginx-debug|freenginx|openresty|angie)$/;

/** Options with a value, in one word or two (https://nginx.org/en/docs/switches.html): prefix, file, directives, log. */
const kept = 'pcge';
/** Options that make nginx do something other than serve: test, dump, quiet, signal. */
const [flags, signal] = ['tTq', 's'];

/** The program and the options with which an instance of nginx runs. Each option has one letter. */
export interface NginxArguments {
  readonly program: string;
  readonly options: ReadonlyMap<string, string>;
}

/**
 * The instance that a check or a reload addresses: `nginx -p /srv/a -t` addresses the one with prefix `/srv/a`. Null if the
 * command runs another program, or has other arguments.
 */
export function nginxArgumentsOf(command: readonly string[]): NginxArguments | null {
  const [program = '', ...words] = withoutShell(command);
  if (!programs.test(program.slice(program.lastIndexOf('/') + 1))) return null;
  const options = readOptions(words);
  return options === null ? null : { program, options };
}

/** A command line of a target with `shell: true`, if it has no shell syntax. */
function withoutShell(command: readonly string[]): readonly string[] {
  const [shell, option, line = ''] = command;
  return shell === '/bin/sh' && option === '-c' ? (splitWords(line) ?? command) : command;
}

/** As `ngx_get_options` reads them: several letters may share a word, and the last one may have a value. */
function readOptions(words: readonly string[]): Map<string, string> | null {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const letters = lettersOf(words[at] ?? '');
    if (letters === null) return null;
    const { option, attached } = letters;
    if (option === null) continue;
    const value = attached === '' ? words[++at] : attached;
    if (value === undefined) return null;
    if (option !== signal) options.set(option, value);
  }
  return options;
}

/** The option with a value in a word, and its value in the same word. Null for anything but options of nginx. */
function lettersOf(word: string): { option: string | null; attached: string } | null {
  const parts = new RegExp(`^-[${flags}]*(?:([${kept}${signal}])(.*))?$`, 's').exec(word);
  if (parts === null || word === '-') return null;
  return { option: parts[1] ?? null, attached: parts[2] ?? '' };
}
