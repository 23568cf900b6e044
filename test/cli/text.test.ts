import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  daysBetween,
  duration,
  flow,
  fold,
  reasonLines,
  shortFingerprint,
  table,
} from '../../cli/render/text.ts';
import { wantsColours } from '../../cli/terminal/terminal.ts';

describe('printed text', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_940, '59.9 s'],
    [59_999, '1 m 0 s'],
    [245_000, '4 m 5 s'],
  ])('Durations are printed in readable units: %i milliseconds as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  test('Shortened fingerprints end with an ellipsis', () => {
    expect(shortFingerprint(`sha256:${'0123456789abcdef'.repeat(4)}`)).toBe('sha256:0123456789ab…');
    expect(shortFingerprint(null)).toBe('none');
  });

  test.each([
    [86_400 * 3 + 5, 'in 3 days'],
    [86_400, 'in 1 day'],
    [60, 'within a day'],
    [-60, 'less than a day ago'],
    [-86_400 * 2, '2 days ago'],
  ])('Times are printed relative to now: %i seconds from now as %s', (away, text) => {
    expect(daysBetween(1_800_000_000, 1_800_000_000 + away)).toBe(text);
  });

  test('Wrapping text loses no word, and does not wrap a line that fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
        fc.integer({ min: 12, max: 40 }),
        (words, width) => {
          const lines = fold(words.join(' '), width);

          expect(lines.join(' ')).toBe(words.join(' '));
          expect(Math.max(0, ...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('Parts of a line stand beside each other while they fit, without counting colours', () => {
    const red = '\u001b[31mred\u001b[39m';

    expect(flow(['aaa', red, '', 'ccc', 'a part that is too long'], 8)).toEqual([
      `aaa  ${red}`,
      '  ccc',
      '  a part that is too long',
    ]);
    expect(flow([], 8)).toEqual([]);
  });

  test('A reason has a line of its own, unless the summary contains it as a word', () => {
    const reason = 'Irreversible';

    expect(reasonLines({ reason, summary: 'set allowIrreversible: true' })).toEqual(['reason: Irreversible']);
    expect(reasonLines({ reason, summary: 'Irreversible: no key' })).toEqual([]);
    expect(reasonLines({ reason: null, summary: 'done' })).toEqual([]);
  });

  test('The columns of a table are aligned', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', ''],
      ]),
    ).toEqual(['a    bb  c', 'aaa  b']);
  });
});

describe('colours', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ])('Colours with %j on a terminal (%s): %s', (environment, interactive, wanted) => {
    expect(wantsColours(environment, interactive)).toBe(wanted);
  });
});
