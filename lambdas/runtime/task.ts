import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { logger } from '../../services/logger.ts';
import { once } from '../../services/once.ts';

/** What one task is: its event and result as schemas, and how its handler is made from services. */
export interface TaskDefinition<Input, Result> {
  readonly input: z.ZodMiniType<Input>;
  readonly result: z.ZodMiniType<Result>;
  /** Called at the first event, not at import: a cold start that fails to parse builds nothing. */
  readonly build: () => (input: Input) => Promise<Result>;
}

/**
 * Makes a Lambda handler: parses the event (InvalidRequest names the fields), builds services once, logs once which
 * execution and target it works for, checks the result, and lets errors through, whose `name` the Lambda runtime
 * reports as the error type that a state machine matches.
 *
 * The handler takes one parameter: Node 24's runtime refuses one with three.
 */
export function task<Input, Result>(name: string, definition: TaskDefinition<Input, Result>) {
  const run = once(definition.build);
  return async (event: unknown): Promise<Result> => {
    const input = parse(name, definition.input, event);
    logger.info(name, whatItIsAbout(event));
    return checkResult(name, definition.result, await run()(input));
  };
}

function parse<Input>(name: string, schema: z.ZodMiniType<Input>, event: unknown): Input {
  const parsed = z.safeParse(schema, event);
  if (parsed.success) return parsed.data;
  throw new CertferryError(
    'InvalidRequest',
    `${name} was called with an event it cannot read: ${problems(parsed.error)}`,
  );
}

/** A result that breaks its schema would break a path of the state machine later, where nothing can catch it. */
function checkResult<Result>(name: string, schema: z.ZodMiniType<Result>, result: Result): Result {
  const parsed = z.safeParse(schema, result);
  if (parsed.success) return parsed.data;
  throw new Error(`${name} made a result that is not of its own shape: ${problems(parsed.error)}`);
}

/** Names the fields that are wrong, never their values. */
function problems(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || '(the whole)'}: ${issue.message}`).join('; ');
}

const About = z.object({
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

function whatItIsAbout(event: unknown) {
  const { data } = z.safeParse(About, event);
  return {
    execution: data?.execution?.id ?? data?.deployment?.executionArn ?? data?.detail?.executionArn,
    target: data?.deployment?.target.id ?? data?.request?.target?.id,
    command: data?.detail?.['command-id'],
    status: data?.detail?.status,
  };
}
