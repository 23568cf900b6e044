import { FunctionJob } from '../../core/deployment/run.ts';
import type { AgentHomes } from '../agent-home/agent-records.ts';
import type { AgentRuns } from './agent-runs.ts';

/** Records that the process of a run has ended without a result, and ends its lease on the records of its target. */
export async function abandonRun(
  { runs, homes }: { readonly runs: AgentRuns; readonly homes: AgentHomes },
  runId: string,
): Promise<void> {
  const run = await runs.find(runId);
  if (run === null) return;
  await runs.end(runId, { output: '', errors: 'the process that ran the agent has ended' });
  const { header } = FunctionJob.parse(JSON.parse(run.job));
  await homes.release(header.targetId, runId);
}
