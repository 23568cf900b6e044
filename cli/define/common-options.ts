import { type Command, InvalidArgumentError, Option } from 'commander';
import { LockWaitSeconds } from '../../core/deployment/deployment.ts';
import { defaultStateText } from '../options/state-option.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What a command runs with: its output, and the receiver of its exit code. */
export interface Context {
  readonly terminal: Terminal;
  readonly finish: (exitCode: number) => void;
}

/** The options of commands that work on both backends. */
export function withBackendOptions(command: Command): Command {
  return withStackOptions(
    command
      .option('--local', 'work on this machine; all data is in the state folder')
      .option('--state <dir>', `with --local: the state folder (default: ${defaultStateText})`),
  );
}

/** The options of commands that work on a stack. */
function withStackOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'work on a certferry stack in AWS, with your own credentials')
    .option('--region <region>', 'with --stack: the region, if the environment and the profile do not set it')
    .option('--profile <profile>', 'with --stack: the profile of the AWS configuration to use')
    .option('--json', 'print one JSON document on standard output, and nothing else there');
}

/** For commands that change something or probe, and so often run from a timer. */
export function withQuietOption(command: Command): Command {
  return command.option('--quiet', 'print only errors and the results of failures; --json has precedence');
}

/** For commands that deploy to named targets. */
export function withWaitOption(command: Command): Command {
  return command.option(
    '--wait <seconds>',
    'the maximum wait for the lock of a target, from 0 to 1800 (default: about 40 minutes)',
    waitSeconds,
  );
}

function waitSeconds(text: string): number {
  const parsed = LockWaitSeconds.safeParse(/^\d+$/.test(text) ? Number(text) : null);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Use a whole number of seconds from 0 to 1800.');
}

/** The options of a bundle in files. */
export function withBundleOptions(command: Command): Command {
  return command
    .option('--cert <file>', 'with --local: leaf and chain in any order, as PEM, DER, PKCS#7 or PKCS#12')
    .option('--key <file>', 'with --local: the private key, if --cert does not contain it')
    .option('--chain <file>', 'with --local: the intermediates, if --cert does not contain them')
    .option(
      '--passphrase-file <file>',
      'with --local: a file with the passphrase of the key in its first line',
    );
}

/** For commands that deploy to targets of kind acm. */
export function awsCredentialsOption(): Option {
  return new Option(
    '--aws-credentials <profile>',
    'with --local: use this profile of the AWS configuration for targets of kind acm; "environment": AWS_ACCESS_KEY_ID and the like',
  );
}

/** For commands that can be limited to some targets of a certificate; may be given several times. */
export function targetFilter(): Option {
  return new Option('--target <id>', 'limit to this target of the certificate (may be given several times)')
    .argParser((value: string, previous: readonly string[]) => [...previous, value])
    .default([], 'all targets');
}

/** For commands that print times. */
export function utcOption(): Option {
  return new Option('--utc', 'print times in UTC, not in the zone of this machine');
}
