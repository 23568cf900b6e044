import { setTimeout } from 'node:timers/promises';
import * as z from 'zod/mini';
import { performStoreJob } from '../../../agent-scripts/stores/perform-store-job.ts';
import { TaskSummary } from '../../../core/deployment/task-input.ts';
import { returnsNoKeys } from '../../../core/targets/kinds/kinds.ts';
import { isStoreTarget, type Target } from '../../../core/targets/target.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import type { AgentRuns } from '../../../services/agent-runs/agent-runs.ts';
import type { PreviousBundles } from '../../../services/previous-bundles/previous-bundles.ts';
import { performRun, type RunServices } from '../../agent-runs/perform-run.ts';
import { completeWith, type ResultServices } from '../../delivery/complete-command.ts';
import { sources } from '../../runtime/bundle-sources.ts';
import { setting } from '../../runtime/environment.ts';
import { keptBundles } from '../../runtime/kept-bundles.ts';
import { previousBundles } from '../../runtime/previous-bundles.ts';
import { task } from '../../runtime/task.ts';
import { agentHomes, agentRuns, credentials, results } from '../../runtime/wiring.ts';

/** `createFunctionCommands` writes the run, then invokes this function with its id. */
const Input = z.object({ runId: z.string() });
type Input = z.infer<typeof Input>;

type Services = ResultServices & RunServices & { readonly runs: AgentRuns };

/**
 * Not a state: the functions that send jobs invoke it asynchronously for targets with `host: lambda`. It runs the agent, records
 * the end of the run and completes the waiting state, as the event of a command does for a host.
 *
 * Lambda may deliver an event twice; only the first one starts the run. If the sender has not stored the command yet, the
 * sender completes the state. If this function dies, the state machine reconciles when the state times out.
 */
export const createHandler =
  (by: Services) =>
  async ({ runId }: Input): Promise<TaskSummary> => {
    const run = await by.runs.start(runId);
    if (run === null) return { summary: `${runId} was started before, or is too late` };
    const end = await performRun(by, run);
    if (!(await by.runs.end(runId, end))) return { summary: `${runId} has ended already` };
    const command = await by.pending.find(runId);
    if (command === null) return { summary: `${runId} is not stored yet` };
    const status = end.output === '' ? 'Failed' : 'Success';
    const completion = await completeWith(by, command, { status, ...end });
    return { summary: `${runId} for ${command.targetId}: ${completion}` };
  };

/** Only for kinds that need them: other stores return what they have. */
function previousOf({ id, certificate, kind }: Target): PreviousBundles {
  if (!returnsNoKeys(kind)) return { find: async () => null };
  return previousBundles({ targetId: id, certificate });
}

export const handler = task('RunAgent', {
  input: Input,
  result: TaskSummary,
  build: () =>
    createHandler({
      ...results(),
      // a function of the stack is never gone
      whereabouts: async () => ({ type: 'present' }),
      runs: agentRuns(),
      homes: agentHomes(),
      credentials: credentials(),
      sources: sources(),
      sleep: setTimeout,
      probe,
      kept: keptBundles(),
      keepsAll: setting('KEPT_COPIES') === 'all',
      perform: (home, { target, ...job }) => {
        if (!isStoreTarget(target)) throw new Error(`kind ${target.kind} has no agent in a function`);
        const fenceStep = setting('MAXIMUM_FENCE_STEP');
        return performStoreJob(home, { ...job, target, previous: previousOf(target), fenceStep });
      },
    }),
});
