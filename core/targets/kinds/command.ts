import { parse } from 'shell-quote';
import * as z from 'zod/mini';

/**
 * A command in a targets file: one line, or a list of words. It runs as an argv array, never through a shell. A line is
 * split into words; a line with shell syntax (pipes, redirections, variables, globs) is refused.
 */
export const Command = z.union([
  z.string().check(z.maxLength(1024), z.regex(/\S/, 'a command')),
  z.array(z.string().check(z.regex(/^[^\0]+$/, 'a word of a command'))).check(z.minLength(1)),
]);
export type Command = z.infer<typeof Command>;

/**
 * Text that quotes or a backslash protect from the shell. Double quotes around a `$` or a backtick are not included:
 * the shell expands both there.
 */
const protectedText = /'[^']*'|"(?:[^"\\$`]|\\.)*"|\\[\S ]/g;

/**
 * Shell syntax outside protected text; a remaining quote or backslash is unterminated. Also white space (such as a pasted
 * no-break space) that separates words in JavaScript but not in a shell.
 */
const shellSyntax = /['"\\$`|&;<>()*?[\]{}#]|(^|\s)[~!]|^\s*[A-Za-z_]\w*=|[^\S \t]/;

/** Splits a line into argv as a shell would. Returns null if the line has shell syntax. */
export function splitWords(line: string): string[] | null {
  if (/[\n\r\0]/.test(line)) return null;
  if (shellSyntax.test(line.replace(protectedText, 'x'))) return null;
  const words = parse(line, (name) => ({ op: `$${name}` }));
  if (words.length === 0) return null;
  return words.every((word) => typeof word === 'string') ? words : null;
}

/** The argv for a target with `shell: true`. No other code starts a shell. */
export function shellArgv(line: string): string[] {
  return ['/bin/sh', '-c', line];
}
