import { parse } from 'shell-quote';
import * as z from 'zod/mini';

/**
 * A command as people write it (a line, or words), and as it is run: an argv array, never a shell. A line is split
 * into words; anything in it that only a shell could mean (pipes, redirections, variables, globs) is refused.
 */
export const Command = z.union([
  z.string().check(z.maxLength(1024), z.regex(/\S/, 'a command')),
  z.array(z.string().check(z.regex(/^[^\0]+$/, 'a word of a command'))).check(z.minLength(1)),
]);
export type Command = z.infer<typeof Command>;

/** What quotes or a backslash protect. Double quotes with a `$` or a backtick inside protect too little to be here. */
const protectedText = /'[^']*'|"(?:[^"\\$`]|\\.)*"|\\[\S ]/g;

/**
 * What means something to a shell where nothing protects it; a quote or backslash left over is an unfinished one. Also
 * white space (such as a pasted no-break space) that divides words for JavaScript and not for a shell.
 */
const shellOnly = /['"\\$`|&;<>()*?[\]{}#]|(^|\s)[~!]|^\s*[A-Za-z_]\w*=|[^\S \t]/;

/** Splits a line into argv as a shell would. Returns null when the line holds what only a shell could mean. */
export function splitWords(line: string): string[] | null {
  if (/[\n\r\0]/.test(line)) return null;
  if (shellOnly.test(line.replace(protectedText, 'x'))) return null;
  const words = parse(line, (name) => ({ op: `$${name}` }));
  if (words.length === 0) return null;
  return words.every((word) => typeof word === 'string') ? words : null;
}

/** The line as a shell would read it, for the targets that say `shell: true`: the one door to a shell. */
export function shellArgv(line: string): string[] {
  return ['/bin/sh', '-c', line];
}
