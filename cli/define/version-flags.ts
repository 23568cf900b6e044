import { type Command, CommanderError, Option } from 'commander';
import { ownVersion } from '../terminal/built-files.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

const versionFlags = '-V, --version';

/** `--version` and `-V` print the version of certferry, also after a subcommand. */
export function addVersionFlags(program: Command, { out }: Terminal): void {
  program.version(ownVersion(), versionFlags, 'print the version of certferry');
  for (const command of program.commands) {
    command.addOption(new Option(`${versionFlags} [value]`).hideHelp());
    command.on('option:version', (value: string | null) => {
      const isRenamed = command.options.some(({ long }) => long === '--to');
      if (isRenamed && typeof value === 'string') throw renamed('--version VERSION', '--to VERSION');
      out(ownVersion());
      throw new CommanderError(0, 'commander.version', ownVersion());
    });
  }
}

/** Answers the former name of a flag with its new name. */
export function addRenamedFlag(command: Command, former: string, current: string): Command {
  const option = new Option(former).hideHelp();
  command.on(`option:${option.name()}`, () => {
    throw renamed(former, current);
  });
  return command.addOption(option);
}

const renamed = (former: string, current: string) => new UsageError(`${former} was renamed. Use ${current}.`);
