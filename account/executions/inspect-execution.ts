import { DescribeExecutionCommand, ListExecutionsCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { InspectedExecution } from '../../services/backend/backend.ts';
import { recordedOutcome } from '../../services/backend/recorded-outcome.ts';
import { executionArn, nameIn } from '../stack/arns.ts';
import { readEvents } from './follow-execution.ts';

/** The ARNs of the state machines of the stack. */
export interface StateMachines {
  readonly deployTarget: string;
  readonly rollout: string;
}

/**
 * An execution by its name or its ARN; `last` is the deployment or rollout that started last. The deployments of a rollout
 * are executions of its Distributed Map. Null if there is none.
 */
export async function inspect(
  sfn: SFNClient,
  machines: StateMachines,
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
    const execution = await read(sfn, arn);
    if (execution !== null) return execution;
  }
  return null;
}

async function read(sfn: SFNClient, arn: string): Promise<InspectedExecution | null> {
  try {
    const { status = '' } = await sfn.send(new DescribeExecutionCommand({ executionArn: arn }));
    const events = await readEvents(sfn, arn);
    return { executionName: nameIn(arn), executionArn: arn, status, output: recordedOutcome(events), events };
  } catch (error) {
    if (error instanceof Error && noSuchExecution.has(error.name)) return null;
    throw error;
  }
}

/** InvalidArn: no execution can have this name. */
const noSuchExecution = new Set(['ExecutionDoesNotExist', 'InvalidArn']);

async function latest(sfn: SFNClient, { deployTarget, rollout }: StateMachines): Promise<string | null> {
  const lists = await Promise.all(
    [deployTarget, rollout].map((stateMachineArn) =>
      sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1 })),
    ),
  );
  const all = lists.flatMap(({ executions = [] }) => executions);
  const startOf = (one: (typeof all)[number]) => one.startDate?.getTime() ?? 0;
  return all.sort((one, other) => startOf(other) - startOf(one))[0]?.executionArn ?? null;
}
