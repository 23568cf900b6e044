import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutText, jsonBytes, type KeptPart } from '../../../core/bounds/cut-text.ts';
import { keepTexts, listNames } from '../../../core/bounds/list-names.ts';

/** Escapes, control characters, characters of one to four bytes, and lone surrogates. */
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', 'é', '…', '\u{1f512}', '\ud83d', '\udd12'),
  maxLength: 3_000,
  size: 'max',
});
const part = fc.constantFrom<KeptPart>('start', 'end', 'ends');

describe('a text that is cut', () => {
  test('A text is measured as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(jsonBytes(whole)).toBe(Buffer.byteLength(JSON.stringify(whole)) - 2);
      }),
    );
  });

  test('A cut text has at most the bytes that it may have, and no half character', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 2_000 }), part, (whole, bytes, kept) => {
        const cut = cutText(whole, bytes, kept);

        expect(jsonBytes(cut)).toBeLessThanOrEqual(bytes);
        expect(cut.isWellFormed()).toBe(true);
        expect(Buffer.from(cut).toString()).toBe(cut);
      }),
    );
  });

  test('A text that fits is not changed, except for half characters', () => {
    fc.assert(
      fc.property(text, part, (whole, kept) => {
        expect(cutText(whole, jsonBytes(whole), kept)).toBe(whole.toWellFormed());
      }),
    );
  });

  test.each([
    ['start', 'abcdefghij … (990 bytes left out)'],
    ['end', '(990 bytes left out) … abcdefghij'],
    ['ends', 'abcde … (990 bytes left out) … fghij'],
  ] as const)('A text that keeps its %s has a mark with the number of bytes left out', (kept, expected) => {
    const inner = '-'.repeat(990);
    const whole = { start: `abcdefghij${inner}`, end: `${inner}abcdefghij`, ends: `abcde${inner}fghij` }[
      kept
    ];

    // the mark is measured with the bytes of the whole text, which have one more digit
    expect(cutText(whole, jsonBytes(expected) + 1, kept)).toBe(expected);
  });

  test('The bytes that the mark names and the bytes that remain are all bytes of the text', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 60, max: 2_000 }), part, (whole, bytes, kept) => {
        const cut = cutText(whole, bytes, kept);
        const mark = /(?: … )?\((\d+) bytes left out\)(?: … )?/.exec(cut);
        if (mark === null) return;

        const remaining = Buffer.byteLength(cut.replace(mark[0], ''));
        expect(remaining + Number(mark[1])).toBe(Buffer.byteLength(whole.toWellFormed()));
      }),
    );
  });
});

describe('a list that is cut', () => {
  test('A list names what fits and the number of the others', () => {
    const names = Array.from({ length: 40 }, (_, at) => `n${at}.example.com`);

    expect(listNames(names.slice(0, 2), { names: 3, bytes: 100 })).toBe('n0.example.com, n1.example.com');
    expect(listNames(names, { names: 3, bytes: 100 })).toBe(
      'n0.example.com, n1.example.com, n2.example.com and 37 more',
    );
    expect(listNames(names, { names: 40, bytes: 20 })).toBe('n0.example.com and 39 more');
  });

  test('A list of any names has at most its bytes and the number of the others', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (names) => {
        expect(jsonBytes(listNames(names, { names: 10, bytes: 200 }))).toBeLessThanOrEqual(200 + 20);
      }),
    );
  });

  test('A list of texts has at most its bytes, keeps the first texts, and ends with the number of the others', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
        const kept = keepTexts(texts, 'warnings', { each: 300, all: 2_000 });

        expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(2_000 + 2);
        const more = /^and (\d+) more warnings$/.exec(kept.at(-1) ?? '');
        expect(kept.length - (more === null ? 0 : 1) + Number(more?.[1] ?? 0)).toBe(texts.length);
      }),
    );
  });
});
