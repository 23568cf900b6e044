// What each Task state does with each error that can happen, as tables of coverage.md.
import { type MachineName, statesOf } from './branches.ts';
import type { Retrier, State } from './graph.ts';
import { ownErrors, temporaryErrors } from './possible-errors.ts';

/** The Task states of a machine that call a function. */
export const taskStates = (machine: MachineName) =>
  Object.entries(statesOf[machine]).filter(([, { Type }]) => Type === 'Task');

/** Whether an entry of Retry or Catch applies to an error. `States.TaskFailed` stands for every error except a timeout. */
function appliesTo({ ErrorEquals }: Pick<Retrier, 'ErrorEquals'>, error: string): boolean {
  return ErrorEquals.some(
    (name) =>
      name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'),
  );
}

export const retrierFor = ({ Retry = [] }: State, error: string) =>
  Retry.find((retrier) => appliesTo(retrier, error));

/** The answer of a state to an error: its retries, and the state that follows when they are used up. */
function answerTo(state: State, error: string): string {
  const retrier = retrierFor(state, error);
  const caught = (state.Catch ?? []).find((catcher) => appliesTo(catcher, error));
  const end = caught === undefined ? 'the execution fails' : `\`${caught.Next}\``;
  return retrier === undefined ? end : `${retrier.MaxAttempts} retries, then ${end}`;
}

/** One row for each state and answer. */
export function errorTable(machine: MachineName): string {
  const rows = taskStates(machine).flatMap(([name, state]) => {
    const answers = new Map<string, string[]>();
    for (const error of [...temporaryErrors(state), ...namedErrors(machine, state)]) {
      const answer = answerTo(state, error);
      answers.set(answer, [...(answers.get(answer) ?? []), error]);
    }
    const others = `| ${name} | any other error | ${answerTo(state, 'another')} |`;
    return [...[...answers].map(([answer, errors]) => `| ${name} | ${textOf(errors)} | ${answer} |`), others];
  });
  return ['| state | error | answer |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The own errors that an entry of Retry or Catch names. */
export function namedErrors(machine: MachineName, { Retry = [], Catch = [], ...state }: State): string[] {
  const listed = new Set([...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals));
  return ownErrors(machine, state).filter((error) => listed.has(error));
}

/** The errors of Lambda appear as one. */
function textOf(errors: readonly string[]): string {
  const shown = errors.map((error) => (error.startsWith('Lambda.') ? 'Lambda.*' : error));
  return [...new Set(shown)].map((error) => `\`${error}\``).join(', ');
}
