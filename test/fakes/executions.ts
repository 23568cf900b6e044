// Not simulated: throttling, tokens that time out, events, and the states of a real execution.
import type { ExecutionStatus, Executions } from '../../services/executions.ts';

export interface FakeExecutions extends Executions {
  /** All other executions run. */
  readonly ended: Set<string>;
  readonly unreachable: Set<string>;
  /** Tokens that no state waits with. A completed token is added. */
  readonly dead: Set<string>;
  readonly completions: { taskToken: string; output: unknown }[];
  readonly failures: { taskToken: string; name: string; message: string }[];
  /** In the order of their start. A name in use starts nothing. */
  readonly started: { machineArn: string; name: string; input: unknown }[];
  outputOf(taskToken: string): unknown;
}

export function fakeExecutions(): FakeExecutions {
  const ended = new Set<string>();
  const unreachable = new Set<string>();
  const dead = new Set<string>();
  const completions: { taskToken: string; output: unknown }[] = [];
  const failures: { taskToken: string; name: string; message: string }[] = [];
  const started: { machineArn: string; name: string; input: unknown }[] = [];
  return {
    started,
    ended,
    unreachable,
    dead,
    completions,
    failures,
    async start(machineArn, name, input) {
      if (started.some((one) => one.name === name)) return null;
      started.push({ machineArn, name, input: JSON.parse(JSON.stringify(input)) });
      return `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    },
    async status(executionArn): Promise<ExecutionStatus> {
      if (unreachable.has(executionArn)) return 'unknown';
      return ended.has(executionArn) ? 'ended' : 'running';
    },
    async complete(taskToken, output) {
      if (dead.has(taskToken)) return false;
      dead.add(taskToken);
      completions.push({ taskToken, output: JSON.parse(JSON.stringify(output)) });
      return true;
    },
    async fail(taskToken, { name, message }) {
      if (dead.has(taskToken)) return false;
      dead.add(taskToken);
      failures.push({ taskToken, name, message });
      return true;
    },
    outputOf: (taskToken) => completions.find((completion) => completion.taskToken === taskToken)?.output,
  };
}
