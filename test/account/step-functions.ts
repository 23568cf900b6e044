// Does not cover: whether Step Functions would produce these histories; quotas, throttling and delays; the limits of a redrive.
// Tests write the histories (histories.ts).
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { type JsonEndpoint, startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';

interface ScriptedExecution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly input: string;
  readonly startDate: number;
  status: string;
  events: readonly HistoryEvent[];
  /** The events that each further poll adds. */
  readonly later: (readonly HistoryEvent[])[];
}

/** The script of an execution: its history so far, and the events that each poll adds. */
type Script = (input: unknown) => readonly (readonly HistoryEvent[])[];

export interface ScriptedStepFunctions extends JsonEndpoint {
  /** Sets the script of executions that are started or redriven from now on. */
  script(machine: string, script: Script): void;
  readonly started: { name: string; stateMachineArn: string; input: unknown }[];
  readonly redriven: string[];
  readonly answered: { taskToken: string; output: unknown }[];
  mapRun: Record<string, number>;
  machineStatus: string;
  /** The definition of all state machines. */
  definition: string;
}

export async function scriptedStepFunctions(): Promise<ScriptedStepFunctions> {
  const executions = new Map<string, ScriptedExecution>();
  const scripts = new Map<string, Script>();
  const find = ({ executionArn }: Record<string, unknown>): ScriptedExecution => {
    const found = executions.get(String(executionArn));
    if (found === undefined) throw new ServiceError('ExecutionDoesNotExist', 'no such execution');
    return found;
  };
  const play = (machine: string, input: unknown) => [...(scripts.get(machine)?.(input) ?? [[]])];
  const endpoint = await startJsonEndpoint({
    version: '1.0',
    target: 'AWSStepFunctions',
    operations: {
      async StartExecution({ stateMachineArn, name, input }) {
        const machine = String(stateMachineArn);
        const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
        if (executions.has(executionArn)) throw new ServiceError('ExecutionAlreadyExists', 'taken');
        const given = JSON.parse(String(input));
        fake.started.push({ name: String(name), stateMachineArn: machine, input: given });
        const [events = [], ...later] = play(machine, given);
        const startDate = 1_800_000_000 + executions.size;
        const start = { executionArn, stateMachineArn: machine, input: String(input), startDate };
        executions.set(executionArn, { ...start, status: statusAfter(events), events, later });
        return { executionArn, startDate };
      },
      async DescribeExecution(input) {
        const { events: _, later: __, ...execution } = find(input);
        return { ...execution, name: execution.executionArn.split(':').at(-1) };
      },
      async GetExecutionHistory(input) {
        const execution = find(input);
        const page = pageOf(execution.events, input);
        const next = input.nextToken === undefined ? execution.later.shift() : undefined;
        if (next !== undefined) {
          execution.events = [...execution.events, ...next];
          execution.status = statusAfter(execution.events);
        }
        return page;
      },
      async RedriveExecution(input) {
        const execution = find(input);
        if (execution.status === 'RUNNING') throw new ServiceError('ExecutionNotRedrivable', 'it runs');
        fake.redriven.push(execution.executionArn);
        const [events = []] = play(execution.stateMachineArn, JSON.parse(execution.input));
        execution.events = numbered([...execution.events, ...events]);
        execution.status = statusAfter(events);
        return { redriveDate: 1_800_000_100 };
      },
      async ListExecutions({ stateMachineArn }) {
        const its = [...executions.values()].filter((one) => one.stateMachineArn === stateMachineArn);
        const latest = its.sort((one, other) => other.startDate - one.startDate);
        return { executions: latest.map(({ executionArn, startDate }) => ({ executionArn, startDate })) };
      },
      DescribeMapRun: async () => ({ itemCounts: fake.mapRun }),
      DescribeStateMachine: async ({ stateMachineArn }) => ({
        stateMachineArn,
        status: fake.machineStatus,
        definition: fake.definition,
      }),
      async SendTaskSuccess({ taskToken, output }) {
        if (taskToken === 'gone') throw new ServiceError('TaskTimedOut', 'nobody waits');
        fake.answered.push({ taskToken: String(taskToken), output: JSON.parse(String(output)) });
      },
    },
  });
  const fake: ScriptedStepFunctions = {
    ...endpoint,
    script: (machine, script) => void scripts.set(machine, script),
    started: [],
    redriven: [],
    answered: [],
    mapRun: {},
    machineStatus: 'ACTIVE',
    definition: '{}',
  };
  return fake;
}

const ends: Readonly<Record<string, string>> = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionAborted: 'ABORTED',
};

function statusAfter(events: readonly HistoryEvent[]): string {
  return ends[events.at(-1)?.type ?? ''] ?? 'RUNNING';
}

const numbered = (events: readonly HistoryEvent[]) => events.map((event, at) => ({ ...event, id: at + 1 }));

/** Small pages, so that readers have to request the next one. */
const pageSize = 7;

function pageOf(
  events: readonly HistoryEvent[],
  { reverseOrder, maxResults, nextToken }: Record<string, unknown>,
) {
  const ordered = reverseOrder === true ? events.toReversed() : events;
  const from = nextToken === undefined ? 0 : ordered.findIndex(({ id }) => id === Number(nextToken));
  const to = from + Math.min(Number(maxResults ?? pageSize), pageSize);
  const next = ordered[to]?.id;
  const wire = ordered
    .slice(from, to)
    .map((event) => ({ ...event, timestamp: (event.timestamp?.getTime() ?? 0) / 1000 }));
  return { events: wire, ...(next !== undefined && { nextToken: String(next) }) };
}
