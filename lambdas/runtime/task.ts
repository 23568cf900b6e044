import * as z from 'zod/mini';
import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import { CertferryError } from '../../core/errors.ts';
import { logger } from '../../services/logger.ts';
import { once } from '../../services/once.ts';

/** One task: the schemas of its event and result, and the function that builds its handler. */
export interface TaskDefinition<Input, Result> {
  readonly input: z.ZodMiniType<Input>;
  readonly result: z.ZodMiniType<Result>;
  /** Called at the first event, not at import: a function that receives an invalid event builds nothing. */
  readonly build: () => (input: Input) => Promise<Result>;
}

/**
 * Makes a Lambda handler. It parses the event (InvalidRequest names the invalid fields), builds the services once, logs the
 * execution and the target, and checks the result. Errors pass through: the Lambda runtime reports their `name` as the
 * error type that a state machine matches. A long message is shortened, because Step Functions would cut the JSON around it.
 *
 * The handler takes one parameter: the Node 24 runtime refuses a handler with three.
 */
export function task<Input, Result>(name: string, definition: TaskDefinition<Input, Result>) {
  const run = once(definition.build);
  return async (event: unknown): Promise<Result> => {
    try {
      const input = parse(name, definition.input, event);
      logger.info(name, logFields(event));
      return checkResult(name, definition.result, await run()(input));
    } catch (error) {
      throw withBoundedMessage(error);
    }
  };
}

/** The same error. Its stack repeats the message. */
function withBoundedMessage(error: unknown): unknown {
  if (!(error instanceof Error) || Buffer.byteLength(error.message) <= textLimits.errorMessage) return error;
  const message = cutText(error.message, textLimits.errorMessage, 'ends');
  error.stack = error.stack?.replace(error.message, () => message) ?? '';
  error.message = message;
  return error;
}

function parse<Input>(name: string, schema: z.ZodMiniType<Input>, event: unknown): Input {
  const parsed = z.safeParse(schema, event);
  if (parsed.success) return parsed.data;
  throw new CertferryError('InvalidRequest', `the event of ${name} is invalid: ${problems(parsed.error)}`);
}

/** A result that does not match its schema would break a path of the state machine later, where no Catch applies. */
function checkResult<Result>(name: string, schema: z.ZodMiniType<Result>, result: Result): Result {
  const parsed = z.safeParse(schema, result);
  if (parsed.success) return parsed.data;
  throw new Error(`the result of ${name} is invalid: ${problems(parsed.error)}`);
}

/** Names the invalid fields, never their values. */
function problems(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || '(event)'}: ${issue.message}`).join('; ');
}

const LogFields = z.object({
  execution: z.optional(z.object({ id: z.string() })),
  deployment: z.optional(z.object({ executionArn: z.string(), target: z.object({ id: z.string() }) })),
  request: z.optional(z.object({ target: z.optional(z.object({ id: z.string() })) })),
  detail: z.optional(
    z.object({
      executionArn: z.optional(z.string()),
      'command-id': z.optional(z.string()),
      status: z.optional(z.string()),
    }),
  ),
});

function logFields(event: unknown) {
  const { data } = z.safeParse(LogFields, event);
  return {
    execution: data?.execution?.id ?? data?.deployment?.executionArn ?? data?.detail?.executionArn,
    target: data?.deployment?.target.id ?? data?.request?.target?.id,
    command: data?.detail?.['command-id'],
    status: data?.detail?.status,
  };
}
