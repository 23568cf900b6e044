import type { RolloutState } from '../../core/rollout/rollout.ts';
import { type Failure, failureOf } from '../recording/failure.ts';

/** What a Catch caught, as a name and one line; where it caught nothing, that nobody knows why. */
export function caughtFailure(caught: RolloutState['failure']): Failure {
  return failureOf(caught) ?? { name: 'States.Runtime', message: 'the graph does not say why' };
}
