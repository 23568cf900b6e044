import type { RequestAction } from '../core/deployment/deployment.ts';
import type { Target } from '../core/target/target.ts';
import type { DeployRequest, Ferry } from '../local/ferry.ts';
import type { Progress } from './render/progress.ts';
import { type AtLeastOne, type Finished, interrupted, notRecorded } from './report.ts';
import { describeError } from './usage-error.ts';

/** What is asked of every target. */
export interface Order {
  readonly action: RequestAction;
  readonly secret?: DeployRequest['secret'];
  readonly fingerprint?: string;
}

/** Deployments at a time: each one starts an agent and a probe on this machine. */
const maximumAtOnce = 8;

/**
 * Carries one order to all targets, at most eight at a time; never throws for a target, so that no other one's end
 * goes unreported. A deployment whose end this process could not learn is `lost`. When `interruption` is aborted,
 * deployments that have begun are waited for (a target is never left half done), and no other is begun.
 */
export async function carry(
  ferry: Pick<Ferry, 'deploy'>,
  targets: AtLeastOne<Target>,
  order: Order,
  { progress, interruption }: { progress: Progress; interruption: AbortSignal },
): Promise<AtLeastOne<Finished>> {
  const carryOne = async (target: Target): Promise<Finished> => {
    if (interruption.aborted) return notBegun(target);
    const finished = await deployOne(ferry, target, order, progress);
    progress.ended(target.id, finished.output.outcome);
    return finished;
  };
  const [first, ...others] = targets;
  const limit = limiter(maximumAtOnce);
  const [ofFirst, ...ofOthers] = [
    limit(() => carryOne(first)),
    ...others.map((one) => limit(() => carryOne(one))),
  ];
  return [await ofFirst, ...(await Promise.all(ofOthers))] as const;
}

async function deployOne(
  ferry: Pick<Ferry, 'deploy'>,
  target: Target,
  order: Order,
  progress: Progress,
): Promise<Finished> {
  try {
    const onEvent = (event: Finished['events'][number]) => progress.event(target.id, event);
    const { executionName, output, events } = await ferry.deploy({ target, ...order, onEvent });
    return { target, executionName, output, events };
  } catch (error) {
    const { name, message } = describeError(error);
    return notRecorded(target, 'lost', {
      summary: `the deployment to ${target.id} broke off in this process: ${message}`,
      reason: name,
    });
  }
}

function notBegun(target: Target): Finished {
  return notRecorded(target, 'rejected', {
    summary: 'interrupted before it was begun',
    reason: interrupted,
  });
}

/** Runs at most `most` of the functions it is given at a time, in the order it was given them. */
function limiter(most: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
