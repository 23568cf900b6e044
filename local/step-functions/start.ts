// What this stand-in cannot show: quotas and throttling, the bounds of 256 KiB a state and 25,000 events an execution,
// and cost. Where the interpreter itself departs from AWS (test/local/interpreter.test.ts holds what we rely on):
// `$$.State` and `$$.Execution.RoleArn` are not there; `IsNull`, `IsPresent` and their like never match with `false`; a
// timeout's Cause is the text "States.Timeout". No wait for a token is longer than 24.8 days.
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { type JsonEndpoint, startJsonEndpoint } from '../http/json-endpoint.ts';
import { ServiceError } from '../http/service-error.ts';
import { readExecutionArn, readStateMachineArn, stateMachineArn } from './arns.ts';
import type { ExecutionRecord } from './execution-record.ts';
import type { Executions } from './executions.ts';
import { otherProcesses } from './other-processes.ts';
import { executionDoesNotExist, stateMachineDoesNotExist } from './refusals.ts';

const Success = z.object({ taskToken: z.string(), output: z.string() });
const Failure = z.object({
  taskToken: z.string(),
  error: z._default(z.string(), ''),
  cause: z._default(z.string(), ''),
});
const ByArn = z.object({ executionArn: z.string() });
const Start = z.object({
  stateMachineArn: z.string(),
  name: z._default(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/)), () => randomUUID()),
  input: z._default(z.string(), '{}'),
});

/**
 * Serves StartExecution, DescribeExecution, StopExecution, RedriveExecution, SendTaskSuccess and SendTaskFailure. Executions
 * that are started or redriven run in this process. Requests for executions of another process on the folder are forwarded
 * to that process.
 */
export async function startStepFunctions(
  executions: Executions,
  options: { accessKeyId?: string | undefined; onFault: (error: unknown) => void },
): Promise<JsonEndpoint> {
  const find = (input: unknown): ExecutionRecord => {
    const { executionArn } = parsed(ByArn, input);
    const record = executions.find(executionArn);
    if (record === null) throw executionDoesNotExist(executionArn);
    return record;
  };
  let endpoint: string | null = null;
  const others = otherProcesses(executions, { accessKeyId: options.accessKeyId, endpoint: () => endpoint });
  const server = await startJsonEndpoint({
    version: '1.0',
    target: 'AWSStepFunctions',
    ...options,
    operations: {
      async StartExecution(input) {
        const request = parsed(Start, input);
        const machine = readStateMachineArn(request.stateMachineArn);
        if (machine === null) throw stateMachineDoesNotExist(request.stateMachineArn);
        const content = parseJson(request.input, 'InvalidExecutionInput') as object;
        const { arn, startedAt } = executions.start(machine, request.name, content);
        return { executionArn: arn, startDate: startedAt / 1000 };
      },
      async RedriveExecution(input) {
        await executions.redrive(parsed(ByArn, input).executionArn);
        return { redriveDate: Date.now() / 1000 };
      },
      async SendTaskSuccess(input) {
        const { taskToken, output } = parsed(Success, input);
        const content = parseJson(output, 'InvalidOutput');
        if (!(await others.succeed(taskToken, output))) executions.tokens.succeed(taskToken, content);
      },
      async SendTaskFailure(input) {
        const { taskToken, error, cause } = parsed(Failure, input);
        if (!(await others.fail(taskToken, error, cause))) executions.tokens.fail(taskToken, error, cause);
      },
      DescribeExecution: async (input) => describe(find(input)),
      async StopExecution(input) {
        const { start } = find(input);
        if (!executions.abort(start.arn)) await others.stop(start.arn);
        return { stopDate: Date.now() / 1000 };
      },
    },
  });
  endpoint = server.endpoint;
  executions.servedAt(endpoint);
  return server;
}

function parsed<Shape>(schema: z.ZodMiniType<Shape>, input: unknown): Shape {
  const result = z.safeParse(schema, input);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ServiceError('ValidationException', fields.join('; '));
}

function parseJson(text: string, error: 'InvalidOutput' | 'InvalidExecutionInput'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError(error, 'the text is not JSON');
  }
}

/** Dates are epoch seconds on the wire. */
function describe({ start, end, status, redriveCount }: ExecutionRecord) {
  return {
    executionArn: start.arn,
    stateMachineArn: stateMachineArn(readExecutionArn(start.arn)?.machine),
    name: start.name,
    status,
    redriveCount,
    startDate: start.startedAt / 1000,
    input: JSON.stringify(start.input),
    ...(start.mapRunArn !== undefined && { mapRunArn: start.mapRunArn }),
    ...(end !== null && {
      stopDate: end.stoppedAt / 1000,
      ...(end.output !== null && { output: JSON.stringify(end.output) }),
      ...(end.error !== null && { error: end.error }),
      ...(end.cause !== null && { cause: end.cause }),
    }),
  };
}
