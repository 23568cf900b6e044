import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import type { RolloutPosition } from '../../services/locks/lock-item.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';

type Gated = Pick<DeploymentRequest, 'rollout' | 'action' | 'target' | 'toleratedFailures'>;

/**
 * Lets a rollout's deployment begin, and answers the rollout's place in its certificate's order; undefined for a request of a person. Asked anew
 * at each attempt to get the lock, so a rollout that is halted while its deployments wait for their hosts begins no more.
 * Throws Superseded, RolloutHalted, or InvalidRequest where there is no such rollout: nobody could halt that.
 */
export async function checkRollout(
  rollouts: Pick<Rollouts, 'control'>,
  request: Gated,
): Promise<RolloutPosition | undefined> {
  if (request.rollout === undefined) return undefined;
  const control = await rollouts.control(request.rollout);
  if (control === null) {
    throw new CertferryError(
      'InvalidRequest',
      `rollout ${request.rollout} is not known. Leave it out: a deployment is made part of a rollout by its rollout.`,
      { details: { rollout: request.rollout } },
    );
  }
  checkControl(control, request);
  return { certificate: control.certificate, sequence: control.sequence };
}

function checkControl(control: RolloutControl, request: Gated): void {
  const { action, target, toleratedFailures: tolerated = 0 } = request;
  const { id, supersededBy, status, failures, reason } = control;
  const details = { rollout: id, targetId: target.id };
  if (supersededBy !== null) {
    throw new CertferryError(
      'Superseded',
      `target ${target.id} was not touched: rollout ${supersededBy} of a newer version supersedes rollout ${id}`,
      { details },
    );
  }
  const halted = action === 'rollback' ? notGoingBack(status) : notGoingOn(control, tolerated);
  if (halted === null) return;
  const why = reason ?? (failures > tolerated ? `${failures} failed, ${tolerated} tolerated` : null);
  throw new CertferryError(
    'RolloutHalted',
    `target ${target.id} was not touched: rollout ${id} ${halted}${why === null ? '' : ` (${why})`}`,
    { details },
  );
}

function notGoingBack(status: RolloutControl['status']): string | null {
  return status === 'rolling_back' ? null : `is ${worded(status)}, so nothing is put back`;
}

function notGoingOn({ status, failures }: RolloutControl, tolerated: number): string | null {
  if (status !== 'running') return `is ${worded(status)}`;
  return failures > tolerated ? 'is about to be halted' : null;
}

const worded = (status: RolloutControl['status']) => status.replace('_', ' ');
