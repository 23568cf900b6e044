// What this stand-in cannot show: quotas and throttling, the bounds of 256 KiB a state and 25,000 events an execution,
// redrive, and cost. Where the interpreter itself departs from AWS (test/local/interpreter.test.ts holds what we rely on):
// `$$.State`, `$$.Execution.RoleArn` and `RedriveCount` are not there; `IsNull`, `IsPresent` and their like never match
// with `false`; a timeout's Cause is the text "States.Timeout".
import * as z from 'zod/mini';
import { type JsonEndpoint, startJsonEndpoint } from '../http/json-endpoint.ts';
import { ServiceError } from '../http/service-error.ts';
import type { ExecutionRecord } from './execution-record.ts';
import { type Executions, executionArn, stateMachineArn } from './executions.ts';

const Success = z.object({ taskToken: z.string(), output: z.string() });
const Failure = z.object({
  taskToken: z.string(),
  error: z._default(z.string(), ''),
  cause: z._default(z.string(), ''),
});
const ByArn = z.object({ executionArn: z.string() });

/** Serves SendTaskSuccess, SendTaskFailure, DescribeExecution and, for executions of this process, StopExecution. */
export function startStepFunctions(
  { records, tokens, abort }: Executions,
  options: { accessKeyId?: string | undefined; onFault: (error: unknown) => void },
): Promise<JsonEndpoint> {
  const find = (input: unknown): ExecutionRecord => {
    const { executionArn: arn } = ByArn.parse(input);
    const name = arn.split(':').at(-1) ?? '';
    const record = arn === executionArn(name) ? records.read(name) : null;
    if (record === null)
      throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return record;
  };
  return startJsonEndpoint({
    version: '1.0',
    target: 'AWSStepFunctions',
    ...options,
    operations: {
      async SendTaskSuccess(input) {
        const { taskToken, output } = Success.parse(input);
        tokens.succeed(taskToken, parseOutput(output));
      },
      async SendTaskFailure(input) {
        const { taskToken, error, cause } = Failure.parse(input);
        tokens.fail(taskToken, error, cause);
      },
      DescribeExecution: async (input) => describe(find(input)),
      async StopExecution(input) {
        abort(find(input).start.name);
        return { stopDate: Date.now() / 1000 };
      },
    },
  });
}

function parseOutput(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new ServiceError('InvalidOutput', 'Invalid Output: the output is not JSON');
  }
}

/** Dates are epoch seconds on the wire. */
function describe({ start, end, status }: ExecutionRecord) {
  return {
    executionArn: start.arn,
    stateMachineArn,
    name: start.name,
    status,
    startDate: start.startedAt / 1000,
    input: JSON.stringify(start.input),
    ...(end !== null && {
      stopDate: end.stoppedAt / 1000,
      ...(end.output !== null && { output: JSON.stringify(end.output) }),
      ...(end.error !== null && { error: end.error }),
      ...(end.cause !== null && { cause: end.cause }),
    }),
  };
}
