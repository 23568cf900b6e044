import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** Builds the history of an execution as Step Functions records it: one call for each event, one second apart. */
export function aHistory() {
  const events: HistoryEvent[] = [];
  const add = (type: string, details: object = {}) => {
    const id = events.length + 1;
    const timestamp = new Date(1_800_000_000_000 + id * 1000);
    events.push({ id, previousEventId: id - 1, timestamp, type, ...details } as HistoryEvent);
    return script;
  };
  const script = {
    events,
    start: () => add('ExecutionStarted', { executionStartedEventDetails: { input: '{}' } }),
    enter: (type: string, name: string, input: unknown = {}) =>
      add(`${type}StateEntered`, { stateEnteredEventDetails: { name, input: JSON.stringify(input) } }),
    exit: (type: string, name: string, output: unknown = {}) =>
      add(`${type}StateExited`, { stateExitedEventDetails: { name, output: JSON.stringify(output) } }),
    scheduled: () => add('TaskScheduled').and('TaskStarted'),
    and: (type: string) => add(type),
    succeeded: () => add('TaskSucceeded', { taskSucceededEventDetails: { output: '{}' } }),
    failed: (error: string, cause = '') => add('TaskFailed', { taskFailedEventDetails: { error, cause } }),
    timedOut: () => add('TaskTimedOut', { taskTimedOutEventDetails: {} }),
    mapRun: (mapRunArn: string) =>
      add('MapStateStarted').raw('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn } }),
    raw: (type: string, details: object = {}) => add(type, details),
    /** A task that succeeds at once. */
    task: (name: string, output: unknown) =>
      script.enter('Task', name).scheduled().succeeded().exit('Task', name, output),
    choice: (name: string) => script.enter('Choice', name).exit('Choice', name),
    /** An end state whose input is the recorded outcome. */
    succeed: (name: string, recorded: unknown) =>
      script
        .enter('Succeed', name, recorded)
        .exit('Succeed', name, recorded)
        .raw('ExecutionSucceeded', { executionSucceededEventDetails: { output: JSON.stringify(recorded) } }),
    fail: (name: string, recorded: { outcome: string; summary: string }) =>
      script.enter('Fail', name, recorded).raw('ExecutionFailed', {
        executionFailedEventDetails: { error: recorded.outcome, cause: recorded.summary },
      }),
  };
  return script;
}
