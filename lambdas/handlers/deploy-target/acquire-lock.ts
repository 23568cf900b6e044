import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import {
  type Deployment,
  type DeploymentRequest,
  DeploymentState,
  type ProbeResult,
} from '../../../core/deployment/deployment.ts';
import { ExecutionContext } from '../../../core/deployment/task-input.ts';
import { isCertferryError } from '../../../core/errors.ts';
import type { Claim } from '../../../services/locks/target-locks.ts';
import type { DeploymentMetrics } from '../../../services/notify/deployment-metrics.ts';
import type { DesiredVersions } from '../../../services/registry/desired-versions.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { acquireLocks, type LockServices } from '../../locking/acquire-locks.ts';
import { checkRollout } from '../../locking/check-rollout.ts';
import { readRequest } from '../../locking/read-request.ts';
import { task } from '../../runtime/task.ts';
import {
  deploymentMetrics,
  desiredVersions,
  executions,
  hostLocks,
  locks,
  rollouts,
} from '../../runtime/wiring.ts';

const Input = z.object({ execution: ExecutionContext, request: z.unknown() });
type Input = z.infer<typeof Input>;

type Services = LockServices & {
  readonly metrics: Pick<DeploymentMetrics, 'waits'>;
  readonly desiredVersions: DesiredVersions;
  readonly rollouts: Pick<Rollouts, 'control'>;
  readonly clock: Clock;
};

/**
 * State AcquireLock. Called again by the same execution (a lost response, a retry) it answers the same request number
 * and the same fence. Called while another execution holds the target or its host it throws LockHeld, unless Step
 * Functions says that execution has ended: then it takes over. Called when a later request or a newer rollout is in
 * force it throws Superseded, whether or not the lock is free; when its rollout is halted, RolloutHalted. Of parallel
 * calls one gets the lock.
 */
export const createHandler =
  (by: Services) =>
  async ({ execution, request: raw }: Input): Promise<DeploymentState> => {
    const request = readRequest(raw, execution.name);
    const { id: targetId } = request.target;
    const supersedes = request.action !== 'validate';
    const now = by.clock.now();
    const rollout = await checkRollout(by.rollouts, request);
    const asked = { targetId, supersedes, rollout, now };
    const requestNumber =
      request.requestNumber ?? (await by.locks.registerRequest({ ...asked, requestId: execution.id }));
    const claim = { ...asked, executionArn: execution.id, requestNumber, startedAt: execution.startedAt };
    const fence = await locksOrWait(by, claim, request);
    if (supersedes) await by.desiredVersions.save(desiredVersion(request, requestNumber));
    return seeded(deploymentOf(request, { execution, requestNumber, fence }));
  };

/** Who waits is counted while it waits: the state tries again for half an hour and more before anything has ended. */
async function locksOrWait(by: Services, claim: Claim, request: DeploymentRequest): Promise<number> {
  try {
    return await acquireLocks(by, claim, request.target.host);
  } catch (error) {
    if (isCertferryError(error) && error.name === 'LockHeld') by.metrics.waits(waitedMs(claim, request));
    throw error;
  }
}

/** So far, after the splay; two clocks may differ. */
function waitedMs({ startedAt, now }: Claim, { splaySeconds = 0 }: DeploymentRequest): number {
  return Math.max(0, now.getTime() - Date.parse(startedAt) - splaySeconds * 1000);
}

function desiredVersion({ target, action, version }: DeploymentRequest, requestNumber: number) {
  const { id: targetId, certificate } = target;
  const fingerprint = version?.fingerprint ?? null;
  return { targetId, certificate, action, fingerprint, source: version?.source ?? null, requestNumber };
}

interface Turn {
  readonly execution: ExecutionContext;
  readonly requestNumber: number;
  readonly fence: number;
}

function deploymentOf(
  { target, action, version, rollout, replaces }: DeploymentRequest,
  { execution, requestNumber, fence }: Turn,
): Deployment {
  const { id: executionArn, name: id, startedAt } = execution;
  const probeFrom = target.verify === 'none' ? 'none' : target.verify.probeFrom;
  const held = {
    requestNumber,
    fence,
    rollout: rollout ?? null,
    ...(replaces !== undefined && { replaces }),
  };
  return { id, executionArn, startedAt, target, action, version, ...held, probeFrom };
}

/** Every field there, so that no path of the state machine can fail to resolve. */
function seeded(deployment: Deployment): DeploymentState {
  const notYet = (): ProbeResult => ({
    verdict: 'retry',
    attempt: 0,
    waitSeconds: 0,
    summary: 'not looked yet',
    observations: [],
  });
  return { deployment, push: null, probe: notYet(), rollback: null, restored: notYet(), failure: null };
}

export const handler = task('AcquireLock', {
  input: Input,
  result: DeploymentState,
  build: () =>
    createHandler({
      locks: locks(),
      hostLocks: hostLocks(),
      executions: executions(),
      metrics: deploymentMetrics(),
      desiredVersions: desiredVersions(),
      rollouts: rollouts(),
      clock: systemClock,
    }),
});
