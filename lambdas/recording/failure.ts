import * as z from 'zod/mini';
import type { DeploymentState } from '../../core/deployment/deployment.ts';

/** What a Catch caught: an error's name, and one line that says what happened. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

const LambdaCause = z.object({ errorMessage: z.string() });

/** A Lambda's error reaches a Catch as JSON text with a trace; anything else as plain text, or as nothing at all. */
export function failureOf(caught: DeploymentState['failure']): Failure | null {
  if (caught === null) return null;
  const { Error: name, Cause: cause } = caught;
  const text = messageIn(cause) ?? cause;
  return { name, message: text === '' ? (known[name] ?? name) : `${name}: ${text}` };
}

/** Step Functions gives no cause for its own errors. */
const known: Readonly<Record<string, string>> = {
  'States.Timeout': 'States.Timeout: no answer came in time',
};

function messageIn(cause: string): string | null {
  try {
    const parsed = LambdaCause.safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : null;
  } catch {
    return null;
  }
}
