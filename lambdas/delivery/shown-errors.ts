/** Maximum length of a host's error output in a summary, in characters. Messages of bootstrap.sh fit in. */
const shownCharacters = { start: 1_000, end: 500 } as const;

/** The line that the SSM Agent appends to the errors of a failed script. */
const agentAddition = /failed to run commands: exit status -?\d+\s*$/;

/** The error output of a host as one line: the start, which names the cause, and the end, which names the next step. */
export function shownErrors(errors: string): string {
  const text = errors.replace(agentAddition, '').trim().replaceAll(/\s+/g, ' ');
  const { start, end } = shownCharacters;
  return text.length <= start + end ? text : `${text.slice(0, start)} […] ${text.slice(-end)}`;
}
