import { Argument, type Command } from 'commander';
import type { HookOptions } from '../commands/hook.ts';
import type { HookInstallOptions } from '../commands/hook-install.ts';
import { type HookTool, hookToolNames } from '../hook/hook-files.ts';
import { defaultStateText } from '../options/state-option.ts';
import type { Context } from './common-options.ts';
import type { Help } from './help.ts';
import * as help from './help-hooks.ts';

const targetsText = 'the targets file (YAML or JSON)';
const stateText = `the state folder (default: ${defaultStateText})`;

/** `certferry hook`, with the subcommands `install` and `remove`. */
export function addHook(program: Command, { terminal, finish }: Context): void {
  const hook = program
    .command('hook')
    .summary('deploy a renewed certificate: the hook of certbot, acme.sh, lego and others')
    .description(help.hook.description)
    .argument('[words...]', 'a folder such as /etc/letsencrypt/live/NAME, or the arguments of dehydrated')
    .option('--targets <file>', targetsText)
    .option('--state <dir>', stateText)
    .option('--cert <file>', 'leaf and chain, instead of what the tool passes')
    .option('--key <file>', 'the private key, if --cert does not contain it')
    .option('--passphrase-file <file>', 'a file with the passphrase of the key in its first line')
    .addHelpText('after', help.hook.after)
    .action(async (words: string[], options: HookOptions) => {
      const { hook: run } = await import('../commands/hook.ts');
      finish(await run(words, options, terminal));
    });
  addPart(hook.command('install'), 'write the hook of a renewal tool', help.install).action(
    async (tool: HookTool, live: string | undefined, _: HookInstallOptions, command: Command) => {
      const { hookInstall } = await import('../commands/hook-install.ts');
      finish(hookInstall(tool, live, command.optsWithGlobals<HookInstallOptions>(), terminal));
    },
  );
  addPart(hook.command('remove'), 'remove the hook of a renewal tool', help.remove).action(
    async (tool: HookTool, live: string | undefined, _: HookInstallOptions, command: Command) => {
      const { hookRemove } = await import('../commands/hook-install.ts');
      finish(hookRemove(tool, live, command.optsWithGlobals<HookInstallOptions>(), terminal));
    },
  );
}

function addPart(part: Command, summary: string, { description, after }: Help): Command {
  return part
    .summary(summary)
    .description(description)
    .addArgument(new Argument('<tool>', 'the renewal tool').choices([...hookToolNames]))
    .argument('[live]', 'for systemd: the folder of the certificate')
    .option('--targets <file>', targetsText)
    .option('--state <dir>', stateText)
    .option('--folder <dir>', 'the folder of the tool, if it is not the usual one')
    .option('--dry-run', 'print the changes, and change nothing')
    .option('--json', 'print one JSON document on standard output, and nothing else there')
    .addHelpText('after', after);
}
