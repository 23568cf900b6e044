import { agentDidNotStart, notStartedCodes } from '../../core/deployment/agent-start.ts';
import type { PendingCommand } from '../../services/locks/pending-commands.ts';
import type { Invocation } from '../../services/ssm/commands.ts';
import { shownErrors } from './shown-errors.ts';

/**
 * All that the SSM Agent reports if it cannot write its script, which therefore did not run: its exit code is 1, and there
 * is no output (github.com/aws/amazon-ssm-agent, agent/plugins/runscript/runscript.go).
 */
const scriptNotWritten =
  /^failed to create (?:orchestrationDir directory, (\/\S+)|script file\. \w+ (\/\S+)\/_script\.sh: (?:no space left on device|disk quota exceeded|read-only file system|permission denied|input\/output error))$/;

const unwrittenFolder = ({ exitCode, output, errors }: Omit<Invocation, 'status'>): string | undefined => {
  if (exitCode !== 1 || output.trim() !== '') return undefined;
  const [, folder, folderOfScript] = scriptNotWritten.exec(shownErrors(errors)) ?? [];
  return folder ?? folderOfScript;
};

/**
 * Whether the command proves that its deployment did not start. The state of a second delivery does not prove it: the first
 * one may have reached the host. Neither does an inspect or undo job, which follows a deployment that may have run.
 */
export const isNotStarted = (
  { purpose, mayRepeat }: Pick<PendingCommand, 'purpose' | 'mayRepeat'>,
  invocation: Omit<Invocation, 'status'>,
): boolean =>
  purpose === 'push' &&
  mayRepeat !== true &&
  (agentDidNotStart(invocation.exitCode ?? null) || unwrittenFolder(invocation) !== undefined);

/** `sh` cannot execute the script that the SSM Agent wrote. */
const scriptDenied = /(\/\S*)\/_script\.sh: Permission denied/;

function causeOf(invocation: Omit<Invocation, 'status'>): string {
  const { exitCode, errors } = invocation;
  const denied = exitCode === notStartedCodes.notExecutable ? scriptDenied.exec(errors)?.[1] : undefined;
  if (denied !== undefined)
    return `the SSM Agent cannot execute its script in ${denied}. The file system of this folder probably has the mount option noexec. Remount it with exec, correct /etc/fstab, and deploy again.`;
  const unwritten = unwrittenFolder(invocation);
  return unwritten === undefined
    ? shownErrors(errors)
    : `the SSM Agent cannot write its script to ${unwritten}. The file system of this folder is full, has no free inodes, or is read-only. It reported: ${shownErrors(errors)}. Run df -h, df -i and mount on the host, correct it, and deploy again.`;
}

/** The summary for a host on which the agent did not start: the cause and the next step. */
export function notStartedSummary(invocation: Omit<Invocation, 'status'>): string {
  const cause = causeOf(invocation);
  return `the agent did not start, so nothing was changed on the host${cause === '' ? '' : `: ${cause}`}`;
}
