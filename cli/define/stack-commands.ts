import { Argument, type Command } from 'commander';
import { type TargetsOptions, targetsActions } from '../commands/targets-options.ts';
import type { PlaceOptions } from '../options/backend-options.ts';
import { type Context, refusedLocal, withStack } from './common-options.ts';
import * as help from './help-rollouts.ts';

/** `certferry targets`. */
export function addTargets(program: Command, { terminal, finish }: Context): void {
  withStack(program.command('targets'))
    .summary('list, register and remove the targets and certificates of a stack')
    .description(help.targets.description)
    .addOption(refusedLocal())
    .addArgument(new Argument('<action>', 'what to do').choices([...targetsActions]))
    .argument('[what]', 'apply: the targets file; remove: the id; remove-certificate: the name')
    .option('--dry-run', 'apply: say what would be done, and do nothing')
    .addHelpText('after', help.targets.after)
    .action(
      async (action: (typeof targetsActions)[number], what: string | undefined, options: TargetsOptions) => {
        const { targets } = await import('../commands/targets.ts');
        finish(await targets(action, what, options, terminal));
      },
    );
}

/** `certferry doctor`. */
export function addDoctor(program: Command, { terminal, finish }: Context): void {
  withStack(program.command('doctor'))
    .summary('check everything that a rollout needs, and say what to do')
    .description(help.doctor.description)
    .addOption(refusedLocal())
    .addHelpText('after', help.doctor.after)
    .action(async (options: PlaceOptions) => {
      const { doctor } = await import('../commands/doctor.ts');
      finish(await doctor(options, terminal));
    });
}
