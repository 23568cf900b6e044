import * as z from 'zod/mini';
import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { DeploymentState } from '../../core/deployment/deployment.ts';

/** The error of a Catch: its name and a one-line message. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

const LambdaCause = z.object({ errorMessage: z.string() });

/** The Cause of a Lambda error is JSON with a trace; any other Cause is plain text or empty. */
export function failureOf(caught: DeploymentState['failure']): Failure | null {
  if (caught === null) return null;
  const { Error: name, Cause: cause } = caught;
  const text = cutText(messageIn(cause) ?? cause, textLimits.errorMessage, 'ends');
  return { name, message: text === '' ? (known[name] ?? name) : `${name}: ${text}` };
}

/** Step Functions gives no Cause for its own errors. */
const known: Readonly<Record<string, string>> = {
  'States.Timeout': 'States.Timeout: the state timed out',
};

function messageIn(cause: string): string | null {
  try {
    const parsed = LambdaCause.safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : null;
  } catch {
    return null;
  }
}
