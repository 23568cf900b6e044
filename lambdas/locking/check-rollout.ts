import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import type { RolloutPosition } from '../../services/locks/lock-item.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';

type RolloutDeployment = Pick<DeploymentRequest, 'rollout' | 'action' | 'target' | 'toleratedFailures'>;

/**
 * Checks that the rollout of a deployment may start it, and returns the position of the rollout in its certificate's order;
 * undefined for a request without a rollout. It is called at each attempt to get the lock, so a rollout that is halted while
 * its deployments wait starts none of them. Throws Superseded, RolloutHalted, or InvalidRequest if the rollout is unknown,
 * because an unknown rollout could not be halted.
 */
export async function checkRollout(
  rollouts: Pick<Rollouts, 'control'>,
  request: RolloutDeployment,
): Promise<RolloutPosition | undefined> {
  if (request.rollout === undefined) return undefined;
  const control = await rollouts.control(request.rollout);
  if (control === null) {
    throw new CertferryError(
      'InvalidRequest',
      `rollout ${request.rollout} is unknown. Omit it: only a rollout sets this field.`,
      { details: { rollout: request.rollout } },
    );
  }
  checkControl(control, request);
  return { certificate: control.certificate, sequence: control.sequence };
}

function checkControl(control: RolloutControl, request: RolloutDeployment): void {
  const { action, target, toleratedFailures: tolerated = 0 } = request;
  const { id, supersededBy, status, failures, reason } = control;
  const details = { rollout: id, targetId: target.id };
  if (supersededBy !== null) {
    throw new CertferryError(
      'Superseded',
      `target ${target.id} was not changed: rollout ${supersededBy} of a newer version supersedes rollout ${id}`,
      { details },
    );
  }
  const halted = action === 'rollback' ? whyNoRollback(status) : whyNoDeployment(control, tolerated);
  if (halted === null) return;
  const why = reason ?? (failures > tolerated ? `${failures} failed, ${tolerated} tolerated` : null);
  throw new CertferryError(
    'RolloutHalted',
    `target ${target.id} was not changed: rollout ${id} ${halted}${why === null ? '' : ` (${why})`}`,
    { details },
  );
}

function whyNoRollback(status: RolloutControl['status']): string | null {
  return status === 'rolling_back' ? null : `is ${statusText(status)}, so it rolls back no target`;
}

function whyNoDeployment({ status, failures }: RolloutControl, tolerated: number): string | null {
  if (status !== 'running') return `is ${statusText(status)}`;
  return failures > tolerated ? 'is about to be halted' : null;
}

const statusText = (status: RolloutControl['status']) => status.replace('_', ' ');
