import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApproveOptions, HaltOptions } from '../commands/halt.ts';
import type { RolloutOptions } from '../commands/rollout.ts';
import type { RolloutsOptions } from '../commands/rollouts.ts';
import type { SweepCommandOptions } from '../commands/sweep.ts';
import { type Context, onlyTargets, withBundle, withPlace } from './common-options.ts';
import * as help from './help-rollouts.ts';

/** `certferry rollout`. */
export function addRollout(program: Command, { terminal, finish }: Context): void {
  withStrategy(withBundle(withPlace(program.command('rollout'))))
    .summary('carry a certificate to all its targets in waves, halted when too many fail')
    .description(help.rollout.description)
    .option('--certificate <name>', 'the certificate, as the targets name it')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addOption(onlyTargets())
    .option(
      '--version <version>',
      'with --stack: latest (the default), current, the fingerprint of one rolled out before, or its name in the source',
    )
    .option('--urgent', 'do not wait for the maintenance windows of targets')
    .option('--repeat', 'roll out a version that has been rolled out before')
    .option('--reason <text>', 'why, for history and messages')
    .option('--resume <rollout>', 'let a rollout go on that was halted or broke off, with what is not done')
    .option('--roll-back', 'with --resume: put back what it has changed, instead of going on')
    .option('--follow <rollout>', 'with --stack: watch a rollout that is under way')
    .addHelpText('after', help.rollout.after)
    .action(async (options: RolloutOptions) => {
      const { rollout } = await import('../commands/rollout.ts');
      finish(await rollout(options, terminal));
    });
}

/** What is said of the strategy counts more than the certificate's own. */
function withStrategy(command: Command): Command {
  return command
    .option('--waves <list>', 'targets reached after each wave: numbers and shares, such as 1,10%,100%')
    .option('--max-concurrency <number>', 'deployments at a time')
    .option('--tolerated-failures <share>', 'more failures than this, a number or a share, halt it')
    .option('--pause <seconds>', 'between two waves')
    .option('--splay <seconds>', 'each deployment of a wave begins after a random part of this')
    .option('--approval-after-wave <number>', 'the wave after which a person is asked')
    .option('--approval-timeout <seconds>', 'no answer for this long halts it')
    .addOption(
      new Option('--on-halt <what>', 'what becomes of the targets it has changed').choices([
        'stop',
        'rollback',
      ]),
    )
    .addOption(
      new Option('--on-stale-service <what>', 'when a service endpoint goes on serving another leaf').choices(
        ['halt', 'report'],
      ),
    );
}

/** `certferry rollouts`. */
export function addRollouts(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('rollouts'))
    .summary('list rollouts, the latest first')
    .description(help.rollouts.description)
    .option('--certificate <name>', 'only those of this certificate')
    .addHelpText('after', help.rollouts.after)
    .action(async (options: RolloutsOptions) => {
      const { rollouts } = await import('../commands/rollouts.ts');
      finish(await rollouts(options, terminal));
    });
}

/** `certferry halt`. */
export function addHalt(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('halt'))
    .summary('let no further deployment of a rollout begin')
    .description(help.halt.description)
    .argument('<rollout>', 'its name, as "certferry rollouts" lists it')
    .option('--roll-back', 'and have it put back what it has changed, newest wave first, verified')
    .option('--reason <text>', 'why, for history and messages')
    .addHelpText('after', help.halt.after)
    .action(async (id: string, options: HaltOptions) => {
      const { halt } = await import('../commands/halt.ts');
      finish(await halt(id, options, terminal));
    });
}

/** `certferry approve`. */
export function addApprove(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('approve'))
    .summary('answer a rollout that asks whether it may go on')
    .description(help.approve.description)
    .argument('<rollout>', 'its name, as "certferry rollouts" lists it')
    .option('--wave <number>', 'the wave it asks about. Default: the latest', waveNumber)
    .option('--reject', 'halt it instead')
    .option('--by <name>', 'who answers. Default: your user name')
    .addHelpText('after', help.approve.after)
    .action(async (id: string, options: ApproveOptions) => {
      const { approve } = await import('../commands/halt.ts');
      finish(await approve(id, options, terminal));
    });
}

/** `certferry sweep`. */
export function addSweep(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('sweep'))
    .summary('look at every endpoint now: is everywhere served what should be?')
    .description(help.sweep.description)
    .option('--certificate <name>', 'only the targets of this certificate')
    .option('--no-heal', 'with --stack: only look, and deploy nothing again')
    .addHelpText('after', help.sweep.after)
    .action(async (options: SweepCommandOptions) => {
      const { sweep } = await import('../commands/sweep.ts');
      finish(await sweep(options, terminal));
    });
}

function waveNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Say the number of a wave, from 1.');
}
