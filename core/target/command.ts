import { parse } from 'shell-quote';
import { z } from 'zod/mini';

/**
 * A command as people write it (a line, or words), and as it is run: an argv array, never a shell. A line is split
 * into words; anything in it that only a shell could mean (pipes, redirections, variables, globs) is refused.
 */
export const Command = z.union([
  z.string().check(z.minLength(1), z.maxLength(1024)),
  z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
]);
export type Command = z.infer<typeof Command>;

/** Splits a line into argv. Returns null when the line holds what only a shell could mean. */
export function splitWords(line: string): string[] | null {
  if (/[\n\r\0`]/.test(line)) return null;
  const words = parse(line, (name) => ({ op: `$${name}` }));
  if (words.length === 0) return null;
  return words.every((word) => typeof word === 'string') ? words : null;
}

/** The line as a shell would read it, for the targets that say `shell: true`: the one door to a shell. */
export function shellArgv(line: string): string[] {
  return ['/bin/sh', '-c', line];
}
