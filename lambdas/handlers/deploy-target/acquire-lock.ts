import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import {
  type Deployment,
  type DeploymentRequest,
  DeploymentState,
  type ProbeResult,
} from '../../../core/deployment/deployment.ts';
import { ExecutionContext } from '../../../core/deployment/task-input.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
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
 * State AcquireLock. A repeated call by the same execution returns the same request number and fence. If another execution
 * holds the target or its host, it throws LockHeld; if Step Functions reports that this execution has ended, it takes the
 * lock over. It throws Superseded if a later request or a newer rollout is in force, even if the lock is free, and
 * RolloutHalted if the rollout is halted. LockWaitOver ends the wait of a request with a maximum. Of parallel calls, one gets the lock.
 */
export const createHandler =
  (by: Services) =>
  async ({ execution, request: raw }: Input): Promise<DeploymentState> => {
    const request = readRequest(raw, execution.name);
    const { id: targetId } = request.target;
    const supersedes = request.action !== 'validate';
    const now = by.clock.now();
    const rollout = await checkRollout(by.rollouts, request);
    const base = { targetId, supersedes, rollout, now };
    const requestNumber =
      request.requestNumber ?? (await by.locks.registerRequest({ ...base, requestId: execution.id }));
    const claim = { ...base, executionArn: execution.id, requestNumber, startedAt: execution.startedAt };
    const fence = await acquireOrCountWait(by, claim, request);
    if (supersedes) await by.desiredVersions.save(desiredVersion(request, requestNumber));
    return initialState(deploymentOf(request, { execution, requestNumber, fence }));
  };

/** The wait is counted while it lasts: the state retries for more than half an hour, or until the limit of the request. */
async function acquireOrCountWait(by: Services, claim: Claim, request: DeploymentRequest): Promise<number> {
  try {
    return await acquireLocks(by, claim, request.target.host);
  } catch (error) {
    if (!isCertferryError(error) || error.name !== 'LockHeld') throw error;
    const waited = waitedMs(claim, request);
    by.metrics.waits(waited);
    const { lockWaitSeconds: limit } = request;
    if (limit === undefined || waited < limit * 1000) throw error;
    throw new CertferryError('LockWaitOver', `${error.message}; the maximum wait of ${limit} s is over`, {
      details: error.details,
    });
  }
}

/** Milliseconds so far, without the splay. Never negative, because the clocks may differ. */
function waitedMs({ startedAt, now }: Claim, { splaySeconds = 0 }: DeploymentRequest): number {
  return Math.max(0, now.getTime() - Date.parse(startedAt) - splaySeconds * 1000);
}

function desiredVersion({ target, action, version }: DeploymentRequest, requestNumber: number) {
  const { id: targetId, certificate } = target;
  const fingerprint = version?.fingerprint ?? null;
  return { targetId, certificate, action, fingerprint, source: version?.source ?? null, requestNumber };
}

interface AcquiredLock {
  readonly execution: ExecutionContext;
  readonly requestNumber: number;
  readonly fence: number;
}

function deploymentOf(
  { target, action, version, rollout, replaces }: DeploymentRequest,
  { execution, requestNumber, fence }: AcquiredLock,
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

/** Every field is present, so that no path of the state machine fails to resolve. */
function initialState(deployment: Deployment): DeploymentState {
  const notProbed = (): ProbeResult => ({
    verdict: 'retry',
    attempt: 0,
    waitSeconds: 0,
    summary: 'not probed yet',
    observations: [],
  });
  return {
    ...{ deployment, push: null, probe: notProbed(), rollback: null, restored: notProbed() },
    ...{ onDeployed: null, failure: null },
  };
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
