import pLimit from 'p-limit';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { Target } from '../../core/targets/target.ts';
import type { Progress } from '../render/progress.ts';
import { type AtLeastOne, type Finished, interrupted, notRecorded } from '../report/deployment-report.ts';
import { describeError } from '../terminal/errors.ts';

/** Carries an order to one target, to its end, wherever it is carried. */
export type Carrier = (
  target: Target,
  onEvent: (event: ExecutionEvent) => void,
) => Promise<Omit<Finished, 'target'>>;

/** Deployments at a time: on this machine each one starts an agent and a probe. */
const maximumAtOnce = 8;

/**
 * Carries one order to all targets, at most eight at a time; never throws for a target, so that no other one's end
 * goes unreported. A deployment whose end this process could not learn is `lost`. When `interruption` is aborted,
 * deployments that have begun are waited for (a target is never left half done), and no other is begun.
 */
export async function carry(
  carrier: Carrier,
  targets: AtLeastOne<Target>,
  { progress, interruption }: { progress: Progress; interruption: AbortSignal },
): Promise<AtLeastOne<Finished>> {
  const carryOne = async (target: Target): Promise<Finished> => {
    if (interruption.aborted) return notBegun(target);
    const finished = await deployOne(carrier, target, progress);
    progress.ended(target.id, finished.output.outcome);
    return finished;
  };
  const [first, ...others] = targets;
  const limit = pLimit(maximumAtOnce);
  const [ofFirst, ...ofOthers] = [
    limit(() => carryOne(first)),
    ...others.map((one) => limit(() => carryOne(one))),
  ];
  return [await ofFirst, ...(await Promise.all(ofOthers))] as const;
}

async function deployOne(carrier: Carrier, target: Target, progress: Progress): Promise<Finished> {
  try {
    return { target, ...(await carrier(target, (event) => progress.event(target.id, event))) };
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
