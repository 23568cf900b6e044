import pLimit from 'p-limit';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { Target } from '../../core/targets/target.ts';
import type { DeploymentResult } from '../../services/backend/backend.ts';
import type { Progress } from '../render/progress.ts';
import {
  type AtLeastOne,
  type FinishedDeployment,
  interrupted,
  notRecorded,
} from '../report/deployment-report.ts';
import { describeError } from '../terminal/errors.ts';

/** Runs one deployment to its end. */
export type RunDeployment = (
  target: Target,
  onEvent: (event: ExecutionEvent) => void,
) => Promise<DeploymentResult>;

/** In local mode each deployment starts an agent and a probe on this machine. */
const maximumConcurrency = 8;

/**
 * Runs one deployment for each target, at most eight at once. Never throws for a target, so that the result of every target is
 * reported; a deployment that fails in this process is `lost`. After `interruption`, running deployments finish and no
 * further one starts.
 */
export async function deployToTargets(
  run: RunDeployment,
  targets: AtLeastOne<Target>,
  { progress, interruption }: { progress: Progress; interruption: AbortSignal },
): Promise<AtLeastOne<FinishedDeployment>> {
  const deploy = async (target: Target): Promise<FinishedDeployment> => {
    if (interruption.aborted) return notStarted(target);
    const finished = await deployTo(run, target, progress);
    progress.ended(target.id, finished.output.outcome);
    return finished;
  };
  const [first, ...others] = targets;
  const limit = pLimit(maximumConcurrency);
  const [ofFirst, ...ofOthers] = [
    limit(() => deploy(first)),
    ...others.map((one) => limit(() => deploy(one))),
  ];
  return [await ofFirst, ...(await Promise.all(ofOthers))] as const;
}

async function deployTo(run: RunDeployment, target: Target, progress: Progress): Promise<FinishedDeployment> {
  try {
    return { target, ...(await run(target, (event) => progress.event(target.id, event))) };
  } catch (error) {
    const { name, message } = describeError(error);
    // the backend throws it only before it starts an execution
    const isRefused = name === 'InvalidRequest';
    return notRecorded(target, isRefused ? 'rejected' : 'lost', {
      summary: `the deployment to ${target.id} ${isRefused ? 'was not started' : 'failed in this process'}: ${message}`,
      reason: name,
    });
  }
}

function notStarted(target: Target): FinishedDeployment {
  return notRecorded(target, 'rejected', {
    summary: 'not started: interrupted by Ctrl-C',
    reason: interrupted,
  });
}
