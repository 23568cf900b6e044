import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';

/** The process's exit code for each way a deployment ends, mildest first: scripts build on these numbers. */
export const exitCodes = {
  unchanged: 0,
  validated: 0,
  validate_unsupported: 0,
  deployed: 0,
  deployed_unverified: 0,
  superseded: 0,
  skipped: 0,
  rejected: 10,
  validate_failed: 11,
  reload_failed: 12,
  rolled_back: 13,
  rollback_failed: 14,
  lost: 15,
  lock_unavailable: 16,
} as const satisfies Readonly<Record<DeploymentOutcome, number>>;

/** The same for each way a rollout ends. */
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

/** `probe` and `sweep`: an endpoint could not be asked, or does not serve what was expected. */
export const notServedExitCode = 1;

/** `doctor`: there is something to do. */
export const notHealthyExitCode = 1;

/** `demo`: something went otherwise than it says. */
export const demoFailedExitCode = 1;

/** Ended by Ctrl-C, as shells say it. */
export const interruptedExitCode = 130;

/** Wrong usage, or input that cannot be read. */
export const usageExitCode = 2;

/** Everything went well, and what there was to say could not be written. */
export const notPrintedExitCode = 3;

/** The outcome that decides for several targets: the highest exit code and, among equals, the last of the table. */
export function worstOutcome(
  outcomes: readonly [DeploymentOutcome, ...DeploymentOutcome[]],
): DeploymentOutcome {
  const order = Object.keys(exitCodes);
  return outcomes.reduce((worst, next) => (order.indexOf(next) > order.indexOf(worst) ? next : worst));
}
