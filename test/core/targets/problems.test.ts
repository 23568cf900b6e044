import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { problemLines } from '../../../core/targets/problems.ts';
import { keysAt, schemaAt } from '../../../core/targets/schema-at.ts';

const Shape = z.strictObject({
  version: z.literal(1),
  size: z.optional(z.union([z.number(), z.boolean()])),
  made: z.optional(z.date()),
  even: z.optional(z.number().check(z.multipleOf(2))),
  item: z.optional(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('one') }),
      z.strictObject({ kind: z.literal('two') }),
    ]),
  ),
});

function lines(known: object): string[] {
  const input = { version: 1, ...known };
  return problemLines({ schema: Shape, input }, Shape.safeParse(input).error?.issues ?? []);
}

describe('what is wrong, where a schema has no words of its own', () => {
  test.each([
    [{ version: 2 }, 'version: expected 1, got 2'],
    [{ size: 'large' }, 'size: expected a number or true or false, got "large"'],
    [{ made: 'today' }, 'made: expected date, got "today"'],
    [{ even: 3 }, 'even: expected another value, got 3'],
    [{ item: { kind: 7 } }, 'item.kind: expected one of one, two, got 7'],
    [{ item: { kind: 'tow' } }, 'item.kind: expected one of one, two, got "tow"; did you mean two?'],
    [{ other: 1 }, 'unknown key'],
  ])('A problem is described where a schema has no message of its own: %o', (known, line) => {
    expect(lines(known)).toEqual([expect.stringContaining(line)]);
  });
});

describe('the schema at a place', () => {
  test('The schema at a place is null below what holds nothing, and where no kind is named', () => {
    expect(schemaAt(Shape, ['version', 'deeper'], { version: 1 })).toBeNull();
    expect(schemaAt(Shape, ['nowhere', 'deeper'], {})).toBeNull();
    expect(schemaAt(Shape, ['item', 'kind'], { item: {} })).toBeNull();
  });

  test('The schema at a place has keys only where it is an object', () => {
    expect(keysAt(Shape, [], {})).toContain('version');
    expect(keysAt(Shape, ['version'], {})).toEqual([]);
    expect(keysAt(Shape, ['size'], { size: {} })).toEqual([]);
  });
});
