import type { Command } from 'commander';
import type { DiscoverOptions } from '../commands/discover.ts';
import type { InitOptions } from '../commands/init.ts';
import type { Context } from './common-options.ts';
import * as help from './help-discovery.ts';

/** `certferry init`. */
export function addInit(program: Command, { terminal, finish }: Context): void {
  program
    .command('init')
    .summary('write certferry.yaml for the certificates of this host')
    .description(help.init.description)
    .option('--output <file>', 'the file to write; it must not exist (default: certferry.yaml)')
    .option('--json', 'print one JSON document on standard output')
    .addHelpText('after', help.init.after)
    .action(async (options: InitOptions) => {
      const { init } = await import('../commands/init.ts');
      finish(await init(options, terminal));
    });
}

/** `certferry discover`. */
export function addDiscover(program: Command, { terminal, finish }: Context): void {
  program
    .command('discover')
    .summary('show what this host serves and from which files')
    .description(help.discover.description)
    .option('--output <file>', 'write a targets file; it must not exist; - is standard output')
    .option('--json', 'print one JSON document on standard output')
    .addHelpText('after', help.discover.after)
    .action(async (options: DiscoverOptions) => {
      const { discover } = await import('../commands/discover.ts');
      finish(await discover(options, terminal));
    });
}
