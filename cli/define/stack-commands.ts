import { Argument, type Command } from 'commander';
import type { DoctorOptions } from '../commands/doctor.ts';
import { type TargetsOptions, targetsActions } from '../commands/targets-options.ts';
import { type Context, withBackendOptions } from './common-options.ts';
import * as help from './help-rollouts.ts';

/** `certferry targets`. */
export function addTargets(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('targets'))
    .summary('list, register and remove targets and certificates')
    .description(help.targets.description)
    .addArgument(new Argument('<action>', 'the action').choices([...targetsActions]))
    .argument('[argument]', 'apply: a targets file; remove: a target id; remove-certificate: a name')
    .option('--dry-run', 'apply: print the changes, and change nothing')
    .addHelpText('after', help.targets.after)
    .action(
      async (
        action: (typeof targetsActions)[number],
        argument: string | undefined,
        options: TargetsOptions,
      ) => {
        const { targets } = await import('../commands/targets.ts');
        finish(await targets(action, argument, options, terminal));
      },
    );
}

/** `certferry doctor`. */
export function addDoctor(program: Command, { terminal, finish }: Context): void {
  withBackendOptions(program.command('doctor'))
    .summary('check a stack or this machine, and print the next steps')
    .description(help.doctor.description)
    .option('--hosts', 'with --stack: run a read-only check on each host too, through SSM')
    .option('--targets <file>', 'with --local: check the targets of this file instead of the registered ones')
    .addHelpText('after', help.doctor.after)
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('../commands/doctor.ts');
      finish(await doctor(options, terminal));
    });
}
