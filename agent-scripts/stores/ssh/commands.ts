import { CertferryError } from '../../../core/errors.ts';
import { placeholders, type SshConfig } from '../../../core/targets/kinds/ssh.ts';
import type { FileRole, SshPlan } from './plan.ts';

/** Whether the command of the target checks staged files: one of its words names one. */
export function checksStaged(argv: readonly string[]): boolean {
  return argv.some((word) => Object.values(placeholders).some((placeholder) => word.includes(placeholder)));
}

/**
 * The command with the paths of the staged files.
 * @throws CertferryError PlanInvalid if a rollback removes a file that the command checks
 */
export function withStagedPaths(argv: readonly string[], plan: SshPlan): string[] {
  return argv.map((word) =>
    (Object.entries(placeholders) as [FileRole, string][]).reduce(
      (text, [role, placeholder]) =>
        text.includes(placeholder) ? text.replaceAll(placeholder, stagedPath(plan, role)) : text,
      word,
    ),
  );
}

function stagedPath({ files }: SshPlan, role: FileRole): string {
  const file = files.find((one) => one.role === role);
  if (file !== undefined && file.next !== null) return file.staged;
  throw new CertferryError(
    'PlanInvalid',
    `validateCommand checks ${placeholders[role]}, but the version to install has no such file; nothing was changed`,
  );
}

/** The commands of a target, none of which may run on an account that only transfers files. */
export function hasCommands({ validateCommand, reloadCommand, restoreCommand }: SshConfig): boolean {
  return [validateCommand, reloadCommand, restoreCommand].some((command) => command !== undefined);
}
