// The message for operators after a verified deployment whose commands onDeployed did not all succeed.
import type { DeploymentState } from '../../core/deployment/deployment.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';
import { composed, type Message } from '../../services/notify/sns-messages.ts';
import { onDeployedWarnings } from './on-deployed-warnings.ts';

/** Null if every command succeeded, or the deployment belongs to a rollout: a fleet would send one message for each host. */
export function onDeployedMessage(
  { deploymentId, targetId, outcome, rollout, summary, executionArn }: HistoryItem,
  { host, onDeployed }: { readonly host: string | null; readonly onDeployed: DeploymentState['onDeployed'] },
  line: CommandLine,
): Message | null {
  const warnings = onDeployedWarnings(onDeployed);
  if (outcome !== 'deployed' || rollout !== undefined || warnings.length === 0) return null;
  return composed(
    `Commands after the deployment to ${targetId} on ${host ?? 'its host'} failed`,
    [
      `Deployment ${deploymentId}: target ${targetId} on host ${host ?? '(unknown)'}`,
      `Execution: ${executionArn}`,
    ],
    [summary],
    ['The deployment is verified and stays in force. These commands (onDeployed) need attention:'],
    [...warnings],
    [
      'Run the failed commands on the host by hand. certferry does not run them again for this deployment.',
      `Details of this deployment:  ${line(`inspect ${deploymentId}`)}`,
    ],
  );
}
