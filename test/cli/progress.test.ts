import { describe, expect, test } from 'vitest';
import { type Line, liveLines } from '../../cli/render/progress.ts';
import { plainColours } from '../../cli/terminal.ts';

const running: Line = { startedAt: 1000, endedAt: null, state: 'ProbeEndpoint', tries: 1, outcome: null };

describe('the live view', () => {
  test('shows one line a target: the state it is in and the time since it began', () => {
    const lines = new Map<string, Line>([
      ['web-1', running],
      ['a-longer-name', { ...running, state: 'AcquireLock', tries: 3 }],
      ['web-3', { ...running, state: 'rolled_back', endedAt: 4000, outcome: 'rolled_back' }],
    ]);

    expect(liveLines(lines, 3300, { colours: plainColours })).toEqual([
      '⠸ web-1          ProbeEndpoint   2.3 s',
      '⠸ a-longer-name  AcquireLock     2.3 s (try 3)',
      '✖ web-3          rolled_back     3.0 s',
    ]);
  });
});
