import { describe, expect, test } from 'vitest';
import { createTranslator } from '../../account/executions/translate-history.ts';
import { visitsOf } from '../../cli/report/visits.ts';
import { aHistory } from './histories.ts';

const translated = ({ events }: Pick<ReturnType<typeof aHistory>, 'events'>) =>
  events.flatMap(createTranslator());

describe('the history of an execution in an account', () => {
  test('The history of an execution in an account has the form of local mode: states with their input and output', () => {
    const history = aHistory()
      .start()
      .task('AcquireLock', { deployment: { fence: 3 } })
      .choice('PushOutcome?')
      .succeed('Deployed', { outcome: 'deployed' });

    const visits = visitsOf(translated(history));

    expect(visits.map(({ state, type, next }) => [state, type, next])).toEqual([
      ['AcquireLock', 'Task', 'PushOutcome?'],
      ['PushOutcome?', 'Choice', 'Deployed'],
      ['Deployed', 'Succeed', null],
    ]);
    expect(visits[0]).toMatchObject({ output: { deployment: { fence: 3 } }, failure: null, retries: [] });
    expect(translated(history).at(0)?.type).toBe('ExecutionStarted');
    expect(translated(history).at(-1)?.type).toBe('ExecutionSucceeded');
  });

  test('The history of an execution in an account contains each retry and its reason', () => {
    const history = aHistory()
      .start()
      .enter('Task', 'AcquireLock')
      .scheduled()
      .failed('LockHeld', JSON.stringify({ errorMessage: 'held by another', trace: ['at x'] }))
      .scheduled()
      .timedOut()
      .scheduled()
      .succeeded()
      .exit('Task', 'AcquireLock');

    const [visit] = visitsOf(translated(history));

    expect(visit?.retries).toEqual([
      { error: 'LockHeld', cause: 'held by another' },
      { error: 'States.Timeout', cause: '' },
    ]);
    expect(visit).toMatchObject({ failure: null, caughtBy: null });
  });

  test('The history of an execution in an account contains a caught failure and the state that it led to', () => {
    const history = aHistory()
      .start()
      .enter('Task', 'PushBundle')
      .scheduled()
      .failed('SourceMismatch', 'another leaf')
      .exit('Task', 'PushBundle', { failure: {} })
      .task('RecordFailed', {});

    const visits = visitsOf(translated(history));

    expect(visits[0]).toMatchObject({
      failure: { error: 'SourceMismatch', cause: 'another leaf' },
      caughtBy: 'RecordFailed',
      next: 'RecordFailed',
    });
  });

  test('The history of an execution in an account contains the error and cause of a Fail state', () => {
    const history = aHistory()
      .start()
      .fail('RolledBack', { outcome: 'rolled_back', summary: 'the old is back' });

    const [visit] = visitsOf(translated(history));

    expect(visit).toMatchObject({ failure: { error: 'rolled_back', cause: 'the old is back' } });
    expect(visit?.endedAt).not.toBeNull();
  });

  test('The history of an execution in an account continues where a redrive continues: in the failed task', () => {
    const history = aHistory()
      .start()
      .enter('Task', 'RolloutHalted')
      .scheduled()
      .failed('RolloutHalted', 'too many')
      .raw('ExecutionFailed', { executionFailedEventDetails: { error: 'RolloutHalted' } })
      .raw('ExecutionRedriven', { executionRedrivenEventDetails: { redriveCount: 1 } })
      .scheduled()
      .succeeded()
      .exit('Task', 'RolloutHalted', { judged: true })
      .task('NextWave', {});

    const visits = visitsOf(translated(history));

    expect(visits.map(({ state }) => state)).toEqual(['RolloutHalted', 'NextWave']);
    expect(visits[0]).toMatchObject({ retries: [{ error: 'RolloutHalted' }], failure: null });
  });

  test('The history of an execution in an account names the Map Run of a wave, and survives what was cut off', () => {
    const history = aHistory()
      .start()
      .enter('Map', 'DeployWave')
      .mapRun('arn:aws:states:eu-west-1:1:mapRun:certferry-rollout/DeployWave:x')
      .raw('MapStateExited', { stateExitedEventDetails: { name: 'DeployWave', output: '{"cut' } });

    expect(translated(history).find(({ type }) => type === 'MapRunStarted')?.mapRunArn).toMatch(
      /DeployWave:x$/,
    );
    expect(visitsOf(translated(history))[0]?.output).toBeUndefined();
  });
});
