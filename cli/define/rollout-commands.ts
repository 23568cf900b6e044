import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApproveOptions } from '../commands/approve.ts';
import type { HaltOptions } from '../commands/halt.ts';
import type { RolloutOptions } from '../commands/rollout-options.ts';
import type { RolloutsOptions } from '../commands/rollouts.ts';
import type { StatusOptions } from '../commands/status.ts';
import type { SweepCommandOptions } from '../commands/sweep.ts';
import type { WarmOptions } from '../commands/warm.ts';
import {
  awsCredentialsOption,
  type Context,
  targetFilter,
  utcOption,
  withBackendOptions,
  withBundleOptions,
  withQuietOption,
} from './common-options.ts';
import * as help from './help-rollouts.ts';
import { addRenamedFlag } from './version-flags.ts';

const rolloutArgument = 'the name of the rollout, from "certferry rollouts"';

/** `certferry rollout`. */
export function addRollout(program: Command, { terminal, finish }: Context): void {
  const command = withStrategyOptions(
    withBundleOptions(withQuietOption(withBackendOptions(program.command('rollout')))),
  );
  addRenamedFlag(command, '--roll-back', '--rollback')
    .summary('deploy a certificate to all its targets in waves; halt if too many fail')
    .description(help.rollout.description)
    .option('--certificate <name>', 'the name of the certificate in the targets file')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addOption(targetFilter())
    .option(
      '--to <version>',
      'with --stack: latest (the default), current, the fingerprint of an earlier version, or an id in the source',
    )
    .option('--urgent', 'ignore the maintenance windows of targets')
    .option('--repeat', 'roll out a version again')
    .option('--reason <text>', 'the reason, for history and messages')
    .option('--resume <rollout>', 'resume a rollout that was halted or that broke off')
    .option('--rollback', 'with --resume: roll back what the rollout changed')
    .option('--follow <rollout>', 'with --stack: follow a running rollout')
    .addOption(awsCredentialsOption())
    .addHelpText('after', help.rollout.after)
    .action(async (options: RolloutOptions) => {
      const { rollout } = await import('../commands/rollout.ts');
      finish(await rollout(options, terminal));
    });
}

/** These options override the strategy of the certificate. */
function withStrategyOptions(command: Command): Command {
  return command
    .option('--waves <list>', 'targets reached after each wave: numbers and percentages, e.g. 1,10%,100%')
    .option('--max-concurrency <number>', 'the maximum number of deployments at once')
    .option(
      '--tolerated-failures <limit>',
      'the number or percentage of failures that does not halt the rollout',
    )
    .option('--pause <seconds>', 'the pause between two waves')
    .option('--splay <seconds>', 'the maximum random delay before each deployment of a wave')
    .option('--approval-after-wave <number>', 'the wave after which the rollout waits for approval')
    .option('--approval-timeout <seconds>', 'the time after which a rollout without decision halts')
    .addOption(
      new Option('--on-halt <action>', 'the action for changed targets after a halt').choices([
        'stop',
        'rollback',
      ]),
    )
    .addOption(
      new Option(
        '--on-stale-service <action>',
        'the action if a service endpoint serves another leaf',
      ).choices(['halt', 'report']),
    );
}

/** `certferry rollouts`. */
export function addRollouts(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('rollouts'))
    .summary('list rollouts, the latest first')
    .description(help.rollouts.description)
    .option('--certificate <name>', 'list only rollouts of this certificate')
    .addOption(utcOption())
    .addHelpText('after', help.rollouts.after)
    .action(async (options: RolloutsOptions) => {
      const { rollouts } = await import('../commands/rollouts.ts');
      finish(await rollouts(options, terminal));
    });
}

/** `certferry halt`. */
export function addHalt(program: Command, { terminal, finish }: Context): void {
  addRenamedFlag(withBackendOptions(program.command('halt')), '--roll-back', '--rollback')
    .summary('stop a rollout: start no further deployments')
    .description(help.halt.description)
    .argument('<rollout>', rolloutArgument)
    .option('--rollback', 'roll back what the rollout changed, the latest wave first, with verification')
    .option('--reason <text>', 'the reason, for history and messages')
    .addHelpText('after', help.halt.after)
    .action(async (id: string, options: HaltOptions) => {
      const { halt } = await import('../commands/halt.ts');
      finish(await halt(id, options, terminal));
    });
}

/** `certferry approve`. */
export function addApprove(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('approve'))
    .summary('approve or reject a waiting rollout')
    .description(help.approve.description)
    .argument('<rollout>', rolloutArgument)
    .option('--wave <number>', 'the wave to approve (default: the latest)', waveNumber)
    .option('--reject', 'reject: halt the rollout')
    .option('--by <name>', 'the name of the operator (default: your user name)')
    .addHelpText('after', help.approve.after)
    .action(async (id: string, options: ApproveOptions) => {
      const { approve } = await import('../commands/approve.ts');
      finish(await approve(id, options, terminal));
    });
}

/** `certferry sweep`. */
export function addSweep(program: Command, { terminal, finish }: Context): void {
  withQuietOption(withBackendOptions(program.command('sweep')))
    .summary('check that every endpoint serves the expected certificate')
    .description(help.sweep.description)
    .option('--certificate <name>', 'probe only targets of this certificate')
    .option('--no-heal', 'with --stack: probe only, start no rollouts')
    .addHelpText('after', help.sweep.after)
    .action(async (options: SweepCommandOptions) => {
      const { sweep } = await import('../commands/sweep.ts');
      finish(await sweep(options, terminal));
    });
}

/** `certferry status`. */
export function addStatus(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('status'))
    .summary('show every target: its version, expiry, last deployment and problems')
    .description(help.status.description)
    .option('--certificate <name>', 'show only targets of this certificate')
    .option(
      '--targets <file>',
      'with --local: the targets file, whose targets are listed before their first deployment, too',
    )
    .option('--probe', 'probe every endpoint now, instead of showing the records')
    .option('--html <file>', 'write a self-contained HTML page to this file')
    .option('--prometheus <file>', 'write metrics for the textfile collector of node_exporter to this file')
    .addOption(utcOption())
    .addHelpText('after', help.status.after)
    .action(async (options: StatusOptions) => {
      const { status } = await import('../commands/status.ts');
      finish(await status(options, terminal));
    });
}

/** `certferry warm`. */
export function addWarm(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('warm'))
    .summary('fetch the agent and its runtime on hosts, before their first job')
    .description(help.warm.description)
    .addOption(repeated('--target <id>', 'with --stack: the hosts of this target'))
    .addOption(repeated('--host <id>', 'with --stack: this host'))
    .addOption(repeated('--tag <key=value>', 'with --stack: the hosts with all of these tags'))
    .addHelpText('after', help.warm.after)
    .action(async (options: WarmOptions) => {
      const { warm } = await import('../commands/warm.ts');
      finish(await warm(options, terminal));
    });
}

function repeated(flags: string, description: string): Option {
  return new Option(flags, `${description} (may be given several times)`)
    .argParser((value: string, previous: readonly string[]) => [...previous, value])
    .default([], 'all hosts');
}

function waveNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Waves are numbered from 1.');
}
