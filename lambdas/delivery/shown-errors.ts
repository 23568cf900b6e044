import { cutText } from '../../core/bounds/cut-text.ts';

/** Maximum of a host's error output in a summary, in bytes. Messages of bootstrap.sh fit in. */
const shownErrorBytes = 1_500;

/** The line that the SSM Agent appends to the errors of a failed script. */
const agentAddition = /failed to run commands: exit status -?\d+\s*$/;

/** The error output of a host as one line: the start, which names the cause, and the end, which names the next step. */
export function shownErrors(errors: string): string {
  const text = errors.replace(agentAddition, '').trim().replaceAll(/\s+/g, ' ');
  return cutText(text, shownErrorBytes, 'ends');
}
