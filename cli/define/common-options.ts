import { type Command, Option } from 'commander';
import { defaultState } from '../options/backend-options.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What a command is run with: where it writes, and whom it tells its exit code. */
export interface Context {
  readonly terminal: Terminal;
  readonly finish: (exitCode: number) => void;
}

/** The options of every command that works on this machine or on a stack. */
export function withPlace(command: Command): Command {
  return withStack(
    command
      .option('--local', 'work on this machine, with everything kept in the state folder')
      .option('--state <dir>', `with --local: the state folder (default: "${defaultState}")`),
  );
}

/** The options of every command that works on a stack. */
export function withStack(command: Command): Command {
  return command
    .option('--stack <name>', 'work on a certferry stack in AWS, with your own credentials')
    .option('--region <region>', 'with --stack: where it is, unless the environment or the profile says so')
    .option('--profile <profile>', 'with --stack: whose credentials of the AWS configuration')
    .option('--json', 'print one JSON document on standard output, and nothing else there');
}

/** The options of a bundle that is in files. */
export function withBundle(command: Command): Command {
  return command
    .option('--cert <file>', 'with --local: leaf and chain in PEM, in any order; or everything in PKCS#12')
    .option('--key <file>', 'with --local: the private key, unless it is in the same file')
    .option('--chain <file>', 'with --local: the intermediates, unless they are in the same file')
    .option('--passphrase-file <file>', 'with --local: a file whose first line is the passphrase of the key');
}

/** An option of commands that choose among the targets of a certificate; may be given several times. */
export function onlyTargets(): Option {
  return new Option('--target <id>', 'only this target of the certificate (may be given several times)')
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'all of them');
}

/** Of commands that only work on a stack: whoever says --local is told so. */
export function refusedLocal(): Option {
  return new Option('--local').hideHelp();
}
