import { describe, expect, test } from 'vitest';
import { sweepLines } from '../../cli/commands/sweep.ts';
import { plainColours } from '../../cli/terminal.ts';

const terminal = { out: () => {}, err: () => {}, interactive: false, width: 100, colours: plainColours };

describe('a sweep', () => {
  test('of nothing is no good news', () => {
    const lines = sweepLines(
      { targets: [], more: 0, summary: '0 of 0 targets are as they should be' },
      terminal,
    );

    expect(lines.join('\n')).toMatch(/^! nothing was looked at: no target is registered/);
  });
});
