import type { Command } from 'commander';
import { defaultState } from '../commands/local-only.ts';
import type { Terminal } from '../terminal.ts';

/** What a command is run with: where it writes, and whom it tells its exit code. */
export interface Context {
  readonly terminal: Terminal;
  readonly finish: (exitCode: number) => void;
}

/** The options of every command that works on a state folder. */
export function withLocal(command: Command): Command {
  return command
    .option('--local', 'work on this machine, with everything kept in the state folder')
    .option('--state <dir>', 'the state folder', defaultState)
    .option('--json', 'print one JSON document on standard output, and nothing else there');
}

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
