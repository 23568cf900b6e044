import type { DeploymentState } from '../../core/deployment/deployment.ts';
import { failureOf } from './failure.ts';

/** What did not succeed in the state RunOnDeployed. The deployment is verified, so each problem is only a warning. */
export function onDeployedWarnings(onDeployed: DeploymentState['onDeployed']): readonly string[] {
  if (onDeployed === null) return [];
  if ('Error' in onDeployed) return [unknown(failureOf(onDeployed)?.message ?? onDeployed.Error)];
  const { outcome, summary, warnings } = onDeployed;
  if (outcome === 'commands_run') return warnings;
  return [
    outcome === 'lost' ? unknown(summary) : `onDeployed: the commands did not run: ${summary}`,
    ...warnings,
  ];
}

/** The host may have run all commands, some of them, or none. */
const unknown = (why: string) =>
  `onDeployed: it is unknown whether the commands ran: ${why}; certferry does not send them again`;
