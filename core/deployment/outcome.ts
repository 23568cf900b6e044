import * as z from 'zod/mini';

/**
 * The outcomes of one job of the agent. `restored` ends an undo job, `inspected` an inspect job, `commands_run` a job
 * `onDeployed`. `lost` never comes from
 * an agent: the code that waits for its line sets it when no line arrives.
 */
export const agentOutcomes = [
  'enrolled',
  'validated',
  'validate_unsupported',
  'unchanged',
  'applied',
  'rejected',
  'validate_failed',
  'reload_failed',
  'restored',
  'rollback_failed',
  'inspected',
  'commands_run',
  'lost',
] as const;

export const AgentOutcome = z.enum(agentOutcomes);
export type AgentOutcome = z.infer<typeof AgentOutcome>;

/** All outcomes of a deployment. */
export const deploymentOutcomes = [
  'deployed',
  'deployed_unverified',
  'deployed_unprobed',
  'unchanged',
  'validated',
  'validate_unsupported',
  'superseded',
  'skipped',
  'gone',
  'rejected',
  'validate_failed',
  'reload_failed',
  'rolled_back',
  'rolled_back_unverified',
  'rollback_failed',
  'lost',
  'lock_unavailable',
] as const;

export const DeploymentOutcome = z.enum(deploymentOutcomes);
export type DeploymentOutcome = z.infer<typeof DeploymentOutcome>;

/** The state of the host after a deployment with this outcome, and whether manual action is required. */
export interface OutcomeMeaning {
  readonly hostState: 'untouched' | 'new' | 'old' | 'newer' | 'gone' | 'known bad' | 'unknown';
  readonly succeeded: boolean;
  readonly needsAttention: boolean;
  readonly meaning: string;
}

export const outcomeMeanings: Readonly<Record<DeploymentOutcome, OutcomeMeaning>> = {
  deployed: outcome('new', true, 'the endpoint serves the new leaf'),
  deployed_unverified: outcome(
    'new',
    true,
    'not verified: the target has no probe, or accepts a probe that cannot be made',
  ),
  deployed_unprobed: outcome(
    'new',
    false,
    'the new version is installed, but its probe could not be made; manual action required',
    true,
  ),
  unchanged: outcome('untouched', true, 'the target was up to date'),
  validated: outcome('untouched', true, 'dry run: the daemon or the service accepts the new version'),
  validate_unsupported: outcome('untouched', true, 'dry run: this target has no check'),
  superseded: outcome('newer', true, 'a newer request for this target exists'),
  skipped: outcome('untouched', true, 'the rollout was halted before this deployment started'),
  gone: outcome('gone', true, 'the host was terminated, or its selector no longer finds it'),
  rejected: outcome('untouched', false, 'refused or interrupted; nothing was changed'),
  validate_failed: outcome('untouched', false, 'the daemon or the service refused the new version'),
  reload_failed: outcome('old', false, 'the installation or the reload failed; previous version restored'),
  rolled_back: outcome('old', false, 'the new version was not verified; previous version restored'),
  rolled_back_unverified: outcome(
    'old',
    false,
    'previous version restored, but the endpoint does not verifiably serve the previous leaf; manual action required',
    true,
  ),
  rollback_failed: outcome(
    'known bad',
    false,
    'the previous version is not restored, or the host did not confirm it; manual action required',
    true,
  ),
  lost: outcome('unknown', false, 'the host returned no result; its state is unknown', true),
  lock_unavailable: outcome('untouched', false, 'another deployment held the lock for too long'),
};

function outcome(
  hostState: OutcomeMeaning['hostState'],
  succeeded: boolean,
  meaning: string,
  needsAttention = false,
): OutcomeMeaning {
  return { hostState, succeeded, needsAttention, meaning };
}
