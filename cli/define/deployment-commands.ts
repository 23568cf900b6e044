import type { Command } from 'commander';
import type { DeployOptions } from '../commands/deploy.ts';
import type { HistoryOptions } from '../commands/history.ts';
import type { InspectOptions } from '../commands/inspect.ts';
import type { RollbackOptions } from '../commands/rollback.ts';
import {
  awsCredentialsOption,
  type Context,
  targetFilter,
  utcOption,
  withBackendOptions,
  withBundleOptions,
  withQuietOption,
  withWaitOption,
} from './common-options.ts';
import * as help from './help-deployments.ts';
import { entryLimit, sinceTime } from './history-filters.ts';

// Dynamic imports: a command loads only its own code, so "certferry schema" does not load a database.

/** `certferry deploy`. */
export function addDeploy(program: Command, { terminal, finish }: Context): void {
  withWaitOption(withQuietOption(withBundleOptions(withBackendOptions(program.command('deploy')))))
    .summary('deploy a certificate, verify it, and roll back if it is not served')
    .description(help.deploy.description)
    .requiredOption('--certificate <name>', 'the name of the certificate in the targets file')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addOption(targetFilter())
    .option(
      '--to <version>',
      'with --stack: current (the default), or the fingerprint of a version that was rolled out',
    )
    .option('--dry-run', 'validate the files with each daemon, and change nothing')
    .addOption(awsCredentialsOption())
    .addHelpText('after', help.deploy.after)
    .action(async (options: DeployOptions) => {
      const { deploy } = await import('../commands/deploy.ts');
      finish(await deploy(options, terminal));
    });
}

/** `certferry rollback`. */
export function addRollback(program: Command, { terminal, finish }: Context): void {
  withWaitOption(withQuietOption(withBackendOptions(program.command('rollback'))))
    .summary('return a target to its previous version, and verify it')
    .description(help.rollback.description)
    .requiredOption('--target <id>', 'the id of the target')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addOption(awsCredentialsOption())
    .addHelpText('after', help.rollback.after)
    .action(async (options: RollbackOptions) => {
      const { rollback } = await import('../commands/rollback.ts');
      finish(await rollback(options, terminal));
    });
}

/** `certferry history`. */
export function addHistory(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('history'))
    .summary('list deployments, the latest first')
    .description(help.history.description)
    .option('--target <id>', 'list only deployments to this target')
    .option('--certificate <name>', 'list only deployments of this certificate')
    .option('--rollout <rollout>', 'list all deployments of this rollout')
    .option(
      '--limit <number>',
      'list at most this many deployments (default: 100; of a rollout: all)',
      entryLimit,
    )
    .option(
      '--since <time>',
      'list only deployments that started then or later: 7d, 12h, or 2026-11-22',
      sinceTime,
    )
    .addOption(utcOption())
    .addHelpText('after', help.history.after)
    .action(async (options: HistoryOptions) => {
      const { history } = await import('../commands/history.ts');
      finish(await history(options, terminal));
    });
}

/** `certferry inspect`. */
export function addInspect(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('inspect'))
    .summary('show the graph of an execution: path, durations, retries, outcome')
    .description(help.inspect.description)
    .argument('<execution>', 'the name of an execution, or "last"')
    .option('--all', 'list the transitions not taken and the states never entered, too')
    .option('--html <file>', 'write a self-contained HTML page to this file')
    .addOption(utcOption())
    .addHelpText('after', help.inspect.after)
    .action(async (execution: string, options: InspectOptions) => {
      const { inspect } = await import('../commands/inspect.ts');
      finish(await inspect(execution, options, terminal));
    });
}
