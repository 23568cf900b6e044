import { agentDidNotStart, notStartedCodes } from '../../core/deployment/agent-start.ts';
import type { PendingCommand } from '../../services/locks/pending-commands.ts';
import type { Invocation } from '../../services/ssm/commands.ts';
import { shownErrors } from './shown-errors.ts';

/**
 * Whether the command proves that its deployment did not start. The state of a second delivery does not prove it: the first
 * one may have reached the host. Neither does an inspect or undo job, which follows a deployment that may have run.
 */
export const isNotStarted = (
  { purpose, mayRepeat }: Pick<PendingCommand, 'purpose' | 'mayRepeat'>,
  { exitCode = null }: Pick<Invocation, 'exitCode'>,
): boolean => purpose === 'push' && mayRepeat !== true && agentDidNotStart(exitCode);

/** `sh` cannot execute the script that the SSM Agent wrote. */
const scriptDenied = /(\/\S*)\/_script\.sh: Permission denied/;

/** The summary for a host on which the agent did not start: the cause and the next step. */
export function notStartedSummary({ exitCode, errors }: Pick<Invocation, 'exitCode' | 'errors'>): string {
  const folder = exitCode === notStartedCodes.notExecutable ? scriptDenied.exec(errors)?.[1] : undefined;
  const cause =
    folder === undefined
      ? shownErrors(errors)
      : `the SSM Agent cannot execute its script in ${folder}. The file system of this folder probably has the mount option noexec. Remount it with exec, correct /etc/fstab, and deploy again.`;
  return `the agent did not start, so nothing was changed on the host${cause === '' ? '' : `: ${cause}`}`;
}
