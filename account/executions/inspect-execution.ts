import { DescribeExecutionCommand, ListExecutionsCommand, type SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { RecordedRollout } from '../../core/rollout/rollout.ts';
import { executionArn, nameIn } from '../stack/arns.ts';
import { historyOf } from './follow-execution.ts';

/** An execution, with its history as drawings read it. */
export interface InspectedExecution {
  readonly executionName: string;
  readonly status: string;
  /** Null while it runs, and where no state recorded an outcome. */
  readonly output: RecordedDeployment | RecordedRollout | null;
  readonly events: readonly ExecutionEvent[];
}

/** The machines in which an execution may be looked for. */
export interface Machines {
  readonly deployTarget: string;
  readonly rollout: string;
}

/**
 * An execution by its name or its ARN; `last` is the deployment or rollout that began last. Deployments of a rollout
 * are executions of its Distributed Map. Null when there is none.
 */
export async function inspect(
  sfn: SFNClient,
  machines: Machines,
  name: string,
): Promise<InspectedExecution | null> {
  if (name === 'last') {
    const last = await latest(sfn, machines);
    return last === null ? null : read(sfn, last);
  }
  const candidates = name.startsWith('arn:')
    ? [name]
    : [machines.deployTarget, machines.rollout, `${machines.rollout}/DeployWave`].map((machine) =>
        executionArn(machine, name),
      );
  for (const arn of candidates) {
    const found = await read(sfn, arn);
    if (found !== null) return found;
  }
  return null;
}

async function read(sfn: SFNClient, arn: string): Promise<InspectedExecution | null> {
  try {
    const { status = '' } = await sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
    const events = await historyOf(sfn, arn);
    return { executionName: nameIn(arn), status, output: recordedIn(events), events };
  } catch (error) {
    if (error instanceof Error && notThere.has(error.name)) return null;
    throw error;
  }
}

/** A name that cannot be one is none that is there. */
const notThere = new Set(['ExecutionDoesNotExist', 'InvalidArn']);

async function latest(sfn: SFNClient, { deployTarget, rollout }: Machines): Promise<string | null> {
  const lists = await Promise.all(
    [deployTarget, rollout].map((stateMachineArn) =>
      sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1 })),
    ),
  );
  const all = lists.flatMap(({ executions = [] }) => executions);
  const begun = (one: (typeof all)[number]) => one.startDate?.getTime() ?? 0;
  return all.sort((one, other) => begun(other) - begun(one))[0]?.executionArn ?? null;
}

const Recorded = z.union([RecordedDeployment, RecordedRollout]);

/** What the recording state returned is what the end state was entered with. */
export function recordedIn(events: readonly ExecutionEvent[]): RecordedDeployment | RecordedRollout | null {
  const end = events.findLast(
    ({ type, state }) => type === 'StateEntered' && (state?.type === 'Succeed' || state?.type === 'Fail'),
  );
  const recorded = Recorded.safeParse(end?.state?.input);
  return recorded.success ? recorded.data : null;
}
