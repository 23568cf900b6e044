import { CertferryError } from '../../core/errors.ts';
import type { Activation } from '../activations/activation.ts';
import type { ActivationContext } from '../activations/activator.ts';
import { containerIn, engineCommand } from '../activations/container-signal.ts';
import { inspectContainer } from '../containers/container.ts';
import { requireFolderMounts } from '../containers/require-folder-mounts.ts';
import { runInContainer } from '../containers/run-in-container.ts';
import { type CommandResult, runCommand } from '../host/run-command.ts';
import type { Change, ChangedFile } from './change.ts';

/**
 * If the daemon runs in a container: checks that the container sees the files of a change after they are replaced.
 * @throws CertferryError PlanInvalid, DaemonUnreachable
 */
export async function requireVisibleInContainer(
  activation: Activation | null,
  files: readonly ChangedFile[],
  context: ActivationContext,
): Promise<void> {
  if (activation?.kind !== 'containerSignal') return;
  const { mounts } = await inspectContainer(containerIn(activation, context)).catch((error: Error) => {
    throw new CertferryError('DaemonUnreachable', `${error.message}; nothing was changed`, { cause: error });
  });
  const paths = files.flatMap(({ path, configured }) => [path, configured ?? path]);
  requireFolderMounts({ name: activation.container, mounts }, paths);
}

/** The container of a change that sees only installed files. Null if the daemon runs on the host. */
export function containerOfChange({ activate }: Pick<Change, 'activate'>): string | null {
  return activate?.kind === 'containerSignal' ? activate.container : null;
}

/** Runs the daemon's own check of the installed files where the daemon runs: on the host, or in its container. */
export function checkInstalled(
  { activate, commandTimeoutSeconds }: Change,
  argv: readonly string[],
  input: string | undefined,
): Promise<CommandResult> {
  if (activate?.kind !== 'containerSignal') return runCommand(argv, commandTimeoutSeconds, input);
  const shown = engineCommand(activate, 'exec', activate.container, ...argv);
  return runInContainer(containerIn(activate, { timeoutSeconds: commandTimeoutSeconds }), argv, shown);
}
