import * as z from 'zod/mini';

/**
 * What an agent can say at the end of one job. `restored` ends a rollback job, `inspected` an inspect job;
 * `lost` is never said by an agent, only by those who waited for its line in vain.
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
  'lost',
] as const;

export const AgentOutcome = z.enum(agentOutcomes);
export type AgentOutcome = z.infer<typeof AgentOutcome>;

/** The closed set of ways a deployment ends. */
export const deploymentOutcomes = [
  'deployed',
  'deployed_unverified',
  'unchanged',
  'validated',
  'validate_unsupported',
  'superseded',
  'skipped',
  'rejected',
  'validate_failed',
  'reload_failed',
  'rolled_back',
  'rollback_failed',
  'lost',
  'lock_unavailable',
] as const;

export const DeploymentOutcome = z.enum(deploymentOutcomes);
export type DeploymentOutcome = z.infer<typeof DeploymentOutcome>;

/** What the host serves after a deployment ended so, and whether somebody has to come. */
export interface OutcomeMeaning {
  readonly hostState: 'untouched' | 'new' | 'old' | 'newer' | 'known bad' | 'unknown';
  readonly succeeded: boolean;
  readonly needsAttention: boolean;
  readonly meaning: string;
}

export const outcomeMeanings: Readonly<Record<DeploymentOutcome, OutcomeMeaning>> = {
  deployed: outcome('new', true, 'the new leaf was seen on the wire'),
  deployed_unverified: outcome('new', true, 'the target says verify: none, so nobody looked'),
  unchanged: outcome('untouched', true, 'every byte was already there'),
  validated: outcome('untouched', true, 'dry run: the daemon accepts the staged bytes'),
  validate_unsupported: outcome('untouched', true, 'dry run: this target has no check of its own'),
  superseded: outcome('newer', true, 'a later request for this target exists'),
  skipped: outcome('untouched', true, 'its rollout was halted before this target had its turn'),
  rejected: outcome('untouched', false, 'bad bundle, bad config, stale fence or late job'),
  validate_failed: outcome('untouched', false, 'the daemon refused the staged bytes'),
  reload_failed: outcome('old', false, 'the reload failed; the old files are back and reloaded'),
  rolled_back: outcome('old', false, 'the new leaf was not served; the old files are back'),
  rollback_failed: outcome(
    'known bad',
    false,
    'the old files could not be put back; a person is needed',
    true,
  ),
  lost: outcome('unknown', false, 'the host did not say how the job ended', true),
  lock_unavailable: outcome('untouched', false, 'another deployment held the target for too long'),
};

function outcome(
  hostState: OutcomeMeaning['hostState'],
  succeeded: boolean,
  meaning: string,
  needsAttention = false,
): OutcomeMeaning {
  return { hostState, succeeded, needsAttention, meaning };
}
