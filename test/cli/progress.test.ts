import { describe, expect, test } from 'vitest';
import { liveLines, type TargetLine } from '../../cli/render/progress.ts';
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
