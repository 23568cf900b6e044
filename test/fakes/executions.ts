// Cannot show: throttling, tokens that time out by themselves, events, or anything of a real state machine's walk.
import type { ExecutionStatus, Executions } from '../../lambdas/services/executions.ts';

export interface FakeExecutions extends Executions {
  /** Executions that are not named here are running. */
  readonly ended: Set<string>;
  readonly unreachable: Set<string>;
  /** Tokens nobody waits with (any more). A completed token joins them. */
  readonly dead: Set<string>;
  readonly completions: { taskToken: string; output: unknown }[];
  readonly failures: { taskToken: string; name: string; message: string }[];
  outputOf(taskToken: string): unknown;
}

export function fakeExecutions(): FakeExecutions {
  const ended = new Set<string>();
  const unreachable = new Set<string>();
  const dead = new Set<string>();
  const completions: { taskToken: string; output: unknown }[] = [];
  const failures: { taskToken: string; name: string; message: string }[] = [];
  return {
    ended,
    unreachable,
    dead,
    completions,
    failures,
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
