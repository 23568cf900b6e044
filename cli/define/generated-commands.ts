import { Argument, type Command } from 'commander';
import type { Context } from './common-options.ts';
import * as general from './help.ts';
import * as help from './help-tools.ts';

/** `certferry completion`. */
export function addCompletion(program: Command, { terminal, finish }: Context): void {
  program
    .command('completion')
    .summary('print the completion script for a shell')
    .description(help.completion.description)
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', help.completion.after)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../generate/completion.ts');
      terminal.out(completionScript(shell, program).trimEnd());
      finish(0);
    });
}

/** `certferry man`. */
export function addMan(program: Command, { terminal, finish }: Context): void {
  program
    .command('man')
    .summary('print the manual page')
    .description(help.man.description)
    .addHelpText('after', help.man.after)
    .action(async () => {
      const { manPage } = await import('../generate/man-page.ts');
      terminal.out(manPage(program, general.about).trimEnd());
      finish(0);
    });
}
