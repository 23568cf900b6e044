import type { Command } from 'commander';
import { bashCompletion } from './bash-completion.ts';
import { type CommandWords, commandWords } from './command-words.ts';
import { fishCompletion } from './fish-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

const scripts = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Readonly<Record<string, (commands: readonly CommandWords[]) => string>>;

/** The completion script of a program for a shell. */
export function completionScript(shell: keyof typeof scripts, program: Command): string {
  return scripts[shell](commandWords(program));
}
