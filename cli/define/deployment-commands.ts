import type { Command } from 'commander';
import type { DeployOptions } from '../commands/deploy.ts';
import type { HistoryOptions } from '../commands/history.ts';
import type { InspectOptions } from '../commands/inspect.ts';
import type { RollbackOptions } from '../commands/rollback.ts';
import { type Context, onlyTargets, withBundle, withPlace } from './common-options.ts';
import * as help from './help.ts';

// Each command's code is loaded when it is called: "certferry schema" does not wait for a database.

/** `certferry deploy`. */
export function addDeploy(program: Command, { terminal, finish }: Context): void {
  withBundle(withPlace(program.command('deploy')))
    .summary('carry a certificate to its targets, verify it, undo it when it is not served')
    .description(help.deploy.description)
    .requiredOption('--certificate <name>', 'the certificate, as the targets name it')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addOption(onlyTargets())
    .option(
      '--version <version>',
      'with --stack: current (the default), or the fingerprint of one rolled out before',
    )
    .option('--dry-run', 'let each daemon judge the new bytes, and change nothing')
    .addHelpText('after', help.deploy.after)
    .action(async (options: DeployOptions) => {
      const { deploy } = await import('../commands/deploy.ts');
      finish(await deploy(options, terminal));
    });
}

/** `certferry rollback`. */
export function addRollback(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('rollback'))
    .summary('go back to the version before, verified')
    .description(help.rollback.description)
    .requiredOption('--target <id>', 'the target')
    .option('--targets <file>', 'with --local: the targets file (YAML or JSON)')
    .addHelpText('after', help.rollback.after)
    .action(async (options: RollbackOptions) => {
      const { rollback } = await import('../commands/rollback.ts');
      finish(await rollback(options, terminal));
    });
}

/** `certferry history`. */
export function addHistory(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('history'))
    .summary('list deployments, the latest first')
    .description(help.history.description)
    .option('--target <id>', 'only those to this target')
    .option('--certificate <name>', 'only those of this certificate')
    .option('--rollout <rollout>', 'only those of this rollout, all of them')
    .addHelpText('after', help.history.after)
    .action(async (options: HistoryOptions) => {
      const { history } = await import('../commands/history.ts');
      finish(await history(options, terminal));
    });
}

/** `certferry inspect`. */
export function addInspect(program: Command, { terminal, finish }: Context): void {
  withPlace(program.command('inspect'))
    .summary('draw an execution: the path taken, durations, retries, outcome')
    .description(help.inspect.description)
    .argument('<execution>', 'the name of an execution, or "last"')
    .option('--html <file>', 'write it to this file as a page for a browser, which needs nothing else')
    .addHelpText('after', help.inspect.after)
    .action(async (execution: string, options: InspectOptions) => {
      const { inspect } = await import('../commands/inspect.ts');
      finish(await inspect(execution, options, terminal));
    });
}
