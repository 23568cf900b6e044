import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** The exit code for each outcome of a deployment, from mild to severe. Scripts depend on these numbers. */
export const exitCodes = {
  unchanged: 0,
  validated: 0,
  validate_unsupported: 0,
  deployed: 0,
  deployed_unverified: 0,
  superseded: 0,
  skipped: 0,
  gone: 0,
  deployed_unprobed: 9,
  rejected: 10,
  validate_failed: 11,
  reload_failed: 12,
  rolled_back: 13,
  rolled_back_unverified: 14,
  rollback_failed: 14,
  lost: 15,
  lock_unavailable: 16,
} as const satisfies Readonly<Record<DeploymentOutcome, number>>;

/** The exit code for each outcome of a rollout. */
export const rolloutExitCodes = {
  finished: 0,
  already_rolled_out: 0,
  superseded: 0,
  refused: 10,
  rolled_back: 13,
  rollback_incomplete: 14,
  finished_with_failures: 17,
  halted: 18,
} as const satisfies Readonly<Record<RolloutOutcome, number>>;

/** `probe` and `sweep`: an endpoint is unreachable, or does not serve the expected certificate. `status`: a target needs action. */
export const notServedExitCode = 1;

/** `warm`: a host could not fetch the agent and its runtime, or did not answer. */
export const notWarmExitCode = 1;

/** `doctor`: a check failed. */
export const checksFailedExitCode = 1;

/** `demo`: a result differs from the description. */
export const demoFailedExitCode = 1;

/** Ended by Ctrl-C: 128 + SIGINT, as in shells. */
export const interruptedExitCode = 130;

/** Wrong usage, or unreadable input. */
export const usageExitCode = 2;

/** The command succeeded, but its output could not be written. */
export const notPrintedExitCode = 3;

/** The most severe outcome: the highest exit code and, among equal codes, the last in the table. */
export function worstOutcome(
  outcomes: readonly [DeploymentOutcome, ...DeploymentOutcome[]],
): DeploymentOutcome {
  const order = Object.keys(exitCodes);
  return outcomes.reduce((worst, next) => (order.indexOf(next) > order.indexOf(worst) ? next : worst));
}
