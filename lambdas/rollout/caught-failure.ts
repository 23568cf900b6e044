import type { RolloutState } from '../../core/rollout/rollout.ts';
import { type Failure, failureOf } from '../recording/failure.ts';

/** The error that a Catch of the state machine caught, as a name and one line. */
export function caughtFailure(caught: RolloutState['failure']): Failure {
  return failureOf(caught) ?? { name: 'States.Runtime', message: 'the state machine gives no reason' };
}
