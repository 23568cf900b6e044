import { describe, expect, test } from 'vitest';
import { commandLineFor } from '../../cli/options/command-line.ts';
import { executionLines } from '../../cli/render/execution.ts';
import { timesIn } from '../../cli/render/times.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { RecordedRollout } from '../../core/rollout/rollout.ts';
import { anExecution } from './events.ts';

const machine = { States: { ResolveCertificate: { Type: 'Task' }, RolloutHalted: { Type: 'Task' } } };
const layout = { colours: plainColours, width: 100, times: timesIn('UTC') };

function aHaltedRollout() {
  const cause = JSON.stringify({ errorMessage: 'TooManyFailures: 2 failed', trace: [] });
  const { events } = anExecution()
    .visit('ResolveCertificate', 'Task')
    .enter('RolloutHalted', 'Task')
    .fail('RolloutHalted', 'Task', { error: 'RolloutHalted', cause });
  return { executionName: 'r-1', status: 'FAILED', output: null, events };
}

describe('inspect', () => {
  test.each([
    [
      { local: true, state: 'here' },
      'certferry rollout --local --resume r-1 --cert FILE --key FILE --state here',
      'certferry rollout --local --resume r-1 --rollback --state here',
    ],
    [
      { stack: 'Prod', region: 'eu-west-1' },
      'certferry rollout --stack Prod --resume r-1 --region eu-west-1',
      'certferry rollout --stack Prod --resume r-1 --rollback --region eu-west-1',
    ],
  ])('Inspecting a halted rollout prints the next command for its backend: %j', (place, resume, rollBack) => {
    const lines = executionLines(machine, aHaltedRollout(), { ...layout, own: commandLineFor(place) });

    expect(lines).toEqual(expect.arrayContaining([`  ${resume}`, `  ${rollBack}`]));
  });

  test('Inspect fits a narrow screen, where what can be copied stays whole', () => {
    const { events } = anExecution().visit('ResolveCertificate', 'Task').end('ExecutionSucceeded');
    const output: RecordedRollout = {
      ...{ rolloutId: 'r-1', certificate: 'api.example.com', fingerprint: `sha256:${'ab'.repeat(32)}` },
      ...{ outcome: 'finished', summary: 'all 3 targets reached', reason: null },
      ...{ total: 3, waves: 1, counts: { deployed: 3 } },
    };
    const execution = {
      ...{ executionName: 'api.example.com-20261122T041500-1a2b', status: 'SUCCEEDED' },
      ...{ output, events },
    };

    const lines = executionLines(machine, execution, { ...layout, width: 40, own: (words) => words });

    expect(lines.slice(0, 3)).toEqual([
      'rollout api.example.com-20261122T041500-1a2b',
      '  certificate api.example.com',
      '  2027-01-15 08:00:00 (UTC)',
    ]);
    expect(lines.slice(-4)).toEqual([
      '✔ finished: every target has the version',
      '  (1 transition, 0 retries, 10 ms)',
      '  all 3 targets reached',
      '  version sha256:abababababab…',
    ]);
  });

  test('Inspecting a rollout that runs again prints no command to resume it', () => {
    const running = { ...aHaltedRollout(), status: 'RUNNING' };

    const lines = executionLines(machine, running, { ...layout, own: commandLineFor({ local: true }) });

    expect(lines.join('\n')).not.toContain('--resume');
  });
});
