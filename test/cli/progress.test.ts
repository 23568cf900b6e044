import { describe, expect, test } from 'vitest';
import { follow, liveLines, type TargetLine, waitingLine } from '../../cli/render/progress.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';

const running: TargetLine = {
  startedAt: 1000,
  endedAt: null,
  state: 'ProbeEndpoint',
  attempts: 1,
  outcome: null,
};
const waiting: TargetLine = { ...running, startedAt: null, state: 'waiting' };
const ended: TargetLine = { ...running, state: 'rolled_back', endedAt: 4000, outcome: 'rolled_back' };

describe('the live view', () => {
  test('The live view shows one line a target: the state it is in and the time since it began', () => {
    const lines = new Map<string, TargetLine>([
      ['web-1', running],
      ['a-longer-name', { ...running, state: 'AcquireLock', attempts: 3 }],
      ['web-3', ended],
      ['web-4', waiting],
    ]);

    expect(liveLines(lines, 3300, { colours: plainColours, rows: 24 })).toEqual([
      '⠸ web-1          ProbeEndpoint   2.3 s',
      '⠸ a-longer-name  AcquireLock     2.3 s (attempt 3)',
      '✖ web-3          rolled_back     3.0 s',
      '· web-4          waiting',
    ]);
  });

  test('A deployment that waits for a lock shows the holder and the limit below its line, until it has the lock', () => {
    const line = waitingLine();
    const lines = new Map([['web-1', line]]);
    const layout = { colours: plainColours, rows: 24, lockWaitSeconds: 60 };
    const acquireLock = { name: 'AcquireLock', type: 'Task' };
    follow(line, { type: 'StateEntered', timestamp: 1000, state: acquireLock });
    follow(line, {
      type: 'StateFailed',
      timestamp: 1100,
      state: acquireLock,
      Error: 'LockHeld',
      Cause: JSON.stringify({
        errorMessage: 'arn:aws:states:x:1:execution:d:web-1-0a holds target web-1 (fence 3)',
      }),
    });

    expect(liveLines(lines, 3300, layout)).toEqual([
      '⠸ web-1  AcquireLock   2.3 s',
      '  waits for the lock, at most 60 s; held by web-1-0a',
    ]);

    follow(line, { type: 'StateEntered', timestamp: 3000, state: { name: 'PushBundle', type: 'Task' } });
    expect(liveLines(lines, 3300, layout)).toEqual(['⠸ web-1  PushBundle   2.3 s']);
  });

  test('The live view shows those that are running, and counts the others, when the screen is too small for all', () => {
    const lines = new Map<string, TargetLine>([
      ['web-1', ended],
      ['web-2', running],
      ['web-3', waiting],
    ]);

    expect(liveLines(lines, 3300, { colours: plainColours, rows: 3 })).toEqual([
      '⠸ web-2  ProbeEndpoint   2.3 s',
      '1 of 3 targets finished, 1 running',
    ]);
  });
});
