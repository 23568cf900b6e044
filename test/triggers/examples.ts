import type { matchesPattern } from './event-bridge.ts';

type Question = Parameters<typeof matchesPattern>;

/** What EventBridge's user guide says of the operators that our rules use, case by case. */
export const examples: readonly {
  readonly what: string;
  readonly pattern: Question[0];
  readonly event: NonNullable<Question[1]>;
  readonly matches: boolean;
}[] = [
  { what: 'one of several values', pattern: { a: ['x', 'y'] }, event: { a: 'y' }, matches: true },
  { what: 'another value', pattern: { a: ['x', 'y'] }, event: { a: 'z' }, matches: false },
  { what: 'a value of other case', pattern: { a: ['x'] }, event: { a: 'X' }, matches: false },
  { what: 'a number is no text', pattern: { a: [1] }, event: { a: '1' }, matches: false },
  { what: 'a number', pattern: { a: [1] }, event: { a: 1 }, matches: true },
  { what: 'a truth', pattern: { a: [true] }, event: { a: true }, matches: true },
  { what: 'null', pattern: { a: [null] }, event: { a: null }, matches: true },
  { what: 'null is not there', pattern: { a: [null] }, event: { b: 1 }, matches: false },
  { what: 'a field that is missing', pattern: { a: ['x'] }, event: { b: 'x' }, matches: false },
  { what: 'fields that are not asked for', pattern: { a: ['x'] }, event: { a: 'x', b: 'y' }, matches: true },
  { what: 'every field has to', pattern: { a: ['x'], b: ['y'] }, event: { a: 'x', b: 'z' }, matches: false },
  { what: 'fields within fields', pattern: { a: { b: ['x'] } }, event: { a: { b: 'x' } }, matches: true },
  { what: 'not in the outer one', pattern: { a: { b: ['x'] } }, event: { b: 'x' }, matches: false },
  { what: 'within what is no object', pattern: { a: { b: ['x'] } }, event: { a: null }, matches: false },
  { what: 'one element of an array', pattern: { a: ['x'] }, event: { a: ['w', 'x'] }, matches: true },
  { what: 'no element of an array', pattern: { a: ['x'] }, event: { a: ['w'] }, matches: false },
  { what: 'a prefix', pattern: { a: [{ prefix: 'live/' }] }, event: { a: 'live/b' }, matches: true },
  {
    what: 'another prefix',
    pattern: { a: [{ prefix: 'live/' }] },
    event: { a: 'old/live/' },
    matches: false,
  },
  {
    what: 'one of two prefixes',
    pattern: { a: [{ prefix: 'x' }, { prefix: 'l' }] },
    event: { a: 'live' },
    matches: true,
  },
  {
    what: 'a prefix of an element',
    pattern: { a: [{ prefix: 'x' }] },
    event: { a: ['w', 'xy'] },
    matches: true,
  },
  {
    what: 'a wildcard',
    pattern: { a: [{ wildcard: '/tls/*' }] },
    event: { a: '/tls/api.b/c' },
    matches: true,
  },
  {
    what: 'a wildcard for nothing',
    pattern: { a: [{ wildcard: '/tls/*' }] },
    event: { a: '/tls/' },
    matches: true,
  },
  {
    what: 'a wildcard within',
    pattern: { a: [{ wildcard: '/*/api' }] },
    event: { a: '/tls/web/api' },
    matches: true,
  },
  {
    what: 'a point is no wildcard',
    pattern: { a: [{ wildcard: 'a.b*' }] },
    event: { a: 'axb' },
    matches: false,
  },
  { what: 'what is there', pattern: { a: [{ exists: true }] }, event: { a: 'x' }, matches: true },
  { what: 'null is there', pattern: { a: [{ exists: true }] }, event: { a: null }, matches: true },
  { what: 'what is missing is not', pattern: { a: [{ exists: true }] }, event: { b: 1 }, matches: false },
  { what: 'what is missing', pattern: { a: [{ exists: false }] }, event: { b: 1 }, matches: true },
  {
    what: 'missing in what is missing',
    pattern: { a: { b: [{ exists: false }] } },
    event: { c: 1 },
    matches: true,
  },
  {
    what: 'missing in what is null',
    pattern: { a: { b: [{ exists: false }] } },
    event: { a: null, c: 1 },
    matches: true,
  },
  {
    what: 'an object is no leaf',
    pattern: { a: [{ exists: false }] },
    event: { a: { b: 1 } },
    matches: true,
  },
  {
    what: 'missing or a value: missing',
    pattern: { a: [{ exists: false }, 'x'] },
    event: { b: 1 },
    matches: true,
  },
  {
    what: 'missing or a value: the value',
    pattern: { a: [{ exists: false }, 'x'] },
    event: { a: 'x' },
    matches: true,
  },
  {
    what: 'missing or a value: another',
    pattern: { a: [{ exists: false }, 'x'] },
    event: { a: 'y' },
    matches: false,
  },
  {
    what: 'missing or a value: an array',
    pattern: { a: [{ exists: false }, 'x'] },
    event: { a: ['y'] },
    matches: false,
  },
];
