import type { SshConfig } from '../../../core/targets/kinds/ssh.ts';
import type { SshPlan } from './plan.ts';
import { shellLine } from './remote-command.ts';

/** The commands that restore the previous files on the server, for an operator who has logged in there. */
export function repairCommands({ files }: SshPlan, { restoreCommand, reloadCommand }: SshConfig): string[] {
  const activate = restoreCommand ?? reloadCommand;
  return [
    ...files.map(({ path, backup, previous }) =>
      previous === null
        ? shellLine(['rm', '-f', '--', path])
        : `test ! -e ${shellLine([backup])} || ${shellLine(['cp', '-p', '--', backup, path])}`,
    ),
    ...(activate === undefined ? [] : [shellLine(activate)]),
  ];
}
