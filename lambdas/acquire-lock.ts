import * as z from 'zod/mini';
import {
  type Deployment,
  type DeploymentRequest,
  DeploymentState,
  type ProbeResult,
} from '../core/deployment/deployment.ts';
import { CertferryError } from '../core/errors.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { locks, registry } from './runtime/dynamodb.ts';
import { ExecutionContext } from './runtime/events.ts';
import { readRequest } from './runtime/request.ts';
import { executions } from './runtime/step-functions.ts';
import { task } from './runtime/task.ts';
import type { Executions } from './services/executions.ts';
import type { Answer, Claim, Locks } from './services/locks.ts';
import type { Registry } from './services/registry.ts';

const Input = z.object({ execution: ExecutionContext, request: z.unknown() });
type Input = z.infer<typeof Input>;

/**
 * State AcquireLock. Called again by the same execution (a lost response, a retry) it answers the same request number
 * and the same fence. Called while another execution holds the target it throws LockHeld, unless Step Functions says
 * that execution has ended: then it takes over. Called when a later request is in force it throws Superseded, whether
 * or not the lock is free. Of parallel calls one gets the lock.
 */
export const createHandler =
  (by: { locks: Locks; executions: Executions; registry: Registry; clock: Clock }) =>
  async ({ execution, request: raw }: Input): Promise<DeploymentState> => {
    const request = readRequest(raw, execution.name);
    const targetId = request.target.id;
    const supersedes = request.action !== 'validate';
    const now = by.clock.now();
    const requestNumber =
      request.requestNumber ??
      (await by.locks.registerRequest({ targetId, requestId: execution.id, supersedes, now }));
    const startedAt = execution.startedAt;
    const claim: Claim = { targetId, executionArn: execution.id, requestNumber, supersedes, startedAt, now };
    const fence = fenceOf(claim, await acquire(by, claim));
    if (supersedes) await by.registry.want(wanted(request, requestNumber));
    return seeded(deploymentOf(request, { execution, requestNumber, fence }));
  };

async function acquire(by: { locks: Locks; executions: Executions }, claim: Claim): Promise<Answer> {
  const answer = await by.locks.acquire(claim);
  if (answer.type !== 'held' || (await by.executions.status(answer.owner)) !== 'ended') return answer;
  return by.locks.takeOver(claim, answer);
}

function fenceOf({ targetId, requestNumber }: Claim, answer: Answer): number {
  switch (answer.type) {
    case 'acquired':
      return answer.fence;
    case 'held':
      throw new CertferryError(
        'LockHeld',
        `target ${targetId} is being deployed to by ${answer.owner} (fence ${answer.fence})`,
        { details: { targetId, owner: answer.owner, fence: answer.fence } },
      );
    case 'superseded':
      throw new CertferryError(
        'Superseded',
        `request ${requestNumber} for target ${targetId} was overtaken by request ${answer.by}`,
        { details: { targetId, requestNumber, by: answer.by } },
      );
    case 'unknown_number':
      throw new CertferryError(
        'InvalidRequest',
        `requestNumber ${requestNumber} was never given out for target ${targetId} (the highest is ${answer.highest}). Leave it out: the execution is given its number.`,
        { details: { targetId, requestNumber, highest: answer.highest } },
      );
  }
}

function wanted({ target, action, version }: DeploymentRequest, requestNumber: number) {
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
  { target, action, version, rollout }: DeploymentRequest,
  { execution, requestNumber, fence }: Turn,
): Deployment {
  const { id: executionArn, name: id, startedAt } = execution;
  const vantage = target.verify === 'none' ? 'none' : target.verify.vantage;
  const held = { requestNumber, fence, rollout: rollout ?? null };
  return { id, executionArn, startedAt, target, action, version, ...held, vantage };
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
    createHandler({ locks: locks(), executions: executions(), registry: registry(), clock: systemClock }),
});
