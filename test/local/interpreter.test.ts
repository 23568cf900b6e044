// What our state machine relies on, of the interpreter that local mode runs it with.
import { ExecutionError, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { describe, expect, test } from 'vitest';

type Input = Parameters<StateMachine['run']>[0];

async function run(definition: object, input: Input, task: () => unknown = () => ({})) {
  const machine = new StateMachine(definition as StateMachineDefinition, {
    validationOptions: { noValidate: true },
  });
  const handlers = { Work: async () => (await task()) as Input };
  const { result, eventLogs } = machine.run(input, { overrides: { taskResourceLocalHandlers: handlers } });
  const settled = result.then(
    (output) => ({ output, error: null }),
    (error: unknown) => ({
      output: null,
      error: error instanceof ExecutionError ? (error.cause as Error) : error,
    }),
  );
  const states: string[] = [];
  for await (const event of eventLogs) if (event.type === 'StateEntered') states.push(event.state.name);
  return { ...(await settled), states };
}

const end = { Type: 'Succeed' };
const fails = (name: string) => () => {
  throw Object.assign(new Error('why'), { name });
};
const work = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', TimeoutSeconds: 1, Next: 'End' };

describe('a Choice', () => {
  const choosing = (rule: object) => ({
    StartAt: 'Choose',
    States: {
      Choose: { Type: 'Choice', Choices: [{ ...rule, Next: 'Matched' }], Default: 'End' },
      Matched: end,
      End: end,
    },
  });
  const comparing = (rule: object) => choosing({ Variable: '$.said', ...rule });

  test.each([
    ['null is not false', { Not: { Variable: '$.said', BooleanEquals: false } }, null, 'Matched'],
    ['false is', { Not: { Variable: '$.said', BooleanEquals: false } }, false, 'End'],
    ['true is not', { Not: { Variable: '$.said', BooleanEquals: false } }, true, 'Matched'],
  ])('A Choice knows that %s', async (_, rule, said, reached) => {
    expect((await run(choosing(rule), { said })).states.at(-1)).toBe(reached);
  });

  test('A Choice matches no string against null', async () => {
    expect((await run(comparing({ StringEquals: 'applied' }), { said: null })).states.at(-1)).toBe('End');
  });

  test('A Choice dies of a path that leads nowhere', async () => {
    expect((await run(comparing({ StringEquals: 'applied' }), {})).error).toMatchObject({
      name: 'States.Runtime',
    });
  });
});

describe('a Task', () => {
  const machine = (task: object) => ({
    StartAt: 'Work',
    States: { Work: { ...work, ...task }, Caught: end, End: end },
  });
  const catching = { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Caught' }] };

  test('A Task puts what it caught beside its input, whatever its OutputPath and ResultPath are', async () => {
    const definition = machine({ ...catching, OutputPath: '$.Payload', ResultPath: '$.push' });

    const { output } = await run(definition, { kept: 1 }, fails('Boom'));

    expect(output).toEqual({ kept: 1, failure: { Error: 'Boom', Cause: 'why' } });
  });

  test('A Task takes what its OutputPath and ResultSelector name', async () => {
    const picked = await run(machine({ OutputPath: '$.Payload' }), {}, () => ({ Payload: { a: null } }));
    const selected = await run(
      machine({ ResultSelector: { 'wait.$': '$.Payload.wait' }, ResultPath: '$.probe' }),
      { kept: 1 },
      () => ({ Payload: { wait: 0, more: 1 } }),
    );

    expect(picked.output).toEqual({ a: null });
    expect(selected.output).toEqual({ kept: 1, probe: { wait: 0 } });
  });

  test('A Task does not catch a path that leads nowhere: every field is seeded', async () => {
    const definition = machine({ ...catching, Parameters: { 'a.$': '$.absent' } });

    expect((await run(definition, {})).error).toMatchObject({ name: 'States.Runtime' });
  });

  test('A Task counts the attempts of each retrier for itself', async () => {
    const noWait = { IntervalSeconds: 0.001, MaxDelaySeconds: 0.001 };
    const definition = machine({
      ...catching,
      Retry: [
        { ErrorEquals: ['One'], MaxAttempts: 2, ...noWait },
        { ErrorEquals: ['States.TaskFailed'], MaxAttempts: 2, ...noWait },
      ],
    });
    let calls = 0;

    const { states } = await run(definition, {}, () => {
      calls += 1;
      return fails(calls % 2 === 1 ? 'One' : 'Other')();
    });

    expect([calls, states.at(-1)]).toEqual([5, 'Caught']);
  });

  test('A Task does not retry a timeout as a failed task', async () => {
    const definition = machine({
      ...catching,
      Retry: [{ ErrorEquals: ['States.TaskFailed'], MaxAttempts: 5 }],
    });
    let calls = 0;

    const { output } = await run(definition, {}, () => {
      calls += 1;
      return new Promise(() => undefined);
    });

    expect(output).toMatchObject({ failure: { Error: 'States.Timeout' } });
    expect(calls).toBe(1);
  });
});

test('A Wait of no seconds continues at once', async () => {
  const definition = {
    StartAt: 'Wait',
    States: { Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'End' }, End: end },
  };

  expect((await run(definition, { seconds: 0 })).output).toEqual({ seconds: 0 });
});

test('A Fail takes its error and cause from the state', async () => {
  const definition = {
    StartAt: 'Fail',
    States: { Fail: { Type: 'Fail', ErrorPath: '$.outcome', CausePath: '$.summary' } },
  };

  const { error } = await run(definition, { outcome: 'rejected', summary: 'because' });

  expect(error).toMatchObject({ name: 'rejected', message: 'because' });
});
