import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../../core/deployment/baseline.ts';
import {
  asBeforeText,
  baselineWarnings,
  withoutEffectText,
} from '../../../core/tls-probe/compare-baseline.ts';
import { facts, fingerprint } from '../../fixtures/factories.ts';

type Seen = Readonly<Record<string, string | null>>;

const addressesOf = (seen: Seen) =>
  Object.entries(seen).map(([address, name]) => ({
    address,
    fingerprint: name === null ? null : fingerprint(name),
    problem: name === null ? 'connection refused' : null,
  }));
const baselineOf = (seen: Seen, from: Baseline['from'] = 'lambda'): Baseline => ({
  from,
  addresses: addressesOf(seen),
});
const versions = { version: facts('new'), previousVersion: facts('old') };
const unreachable = 'the endpoint was unreachable before the change';
const foreign = 'the endpoint served the same certificate before the change';

describe('an endpoint after a rollback, compared with its baseline', () => {
  test.each<[string, Seen, Seen, string | null]>([
    ['no address answers, before and after', { a: null }, { a: null }, unreachable],
    ['a foreign certificate is served, before and after', { a: 'other' }, { a: 'other' }, foreign],
    [
      'one address is foreign and the other unreachable, before and after',
      { a: 'other', b: null },
      { a: 'other', b: null },
      foreign,
    ],
    ['it answered before', { a: 'old' }, { a: null }, null],
    ['another foreign certificate is served than before', { a: 'other' }, { a: 'third' }, null],
    ['an address no longer answers', { a: 'other', b: 'other' }, { a: 'other', b: null }, null],
    ['the failed version is served, as before', { a: 'new' }, { a: 'new' }, null],
    ['the previous version is served, but wrongly', { a: 'old' }, { a: 'old' }, null],
    ['nothing was observed', { a: null }, {}, null],
  ])('The result of the comparison is right when %s.', (_, seenBefore, seenNow, text) => {
    const now = addressesOf(seenNow);

    expect(asBeforeText(baselineOf(seenBefore), now, { ...versions, from: 'lambda' })).toBe(text);
  });

  test('A host that did not reach the endpoint proves nothing about a function that does not reach it.', () => {
    const now = addressesOf({ a: null });

    expect(asBeforeText(baselineOf({ a: null }, 'host'), now, { ...versions, from: 'lambda' })).toBeNull();
  });

  test('A foreign certificate counts as the same from another network, whatever its addresses are.', () => {
    const now = addressesOf({ b: 'other' });

    expect(asBeforeText(baselineOf({ a: 'other' }, 'host'), now, { ...versions, from: 'lambda' })).toBe(
      foreign,
    );
  });
});

describe('a failed verification, compared with its baseline', () => {
  const stillPrevious = 'the endpoint still serves the previous version; the reload had no effect';
  const elsewhere =
    'the endpoint served the same certificate before the change, so it may not reach this target';
  test.each<[string, Seen, Seen, object, string | null]>([
    ['the previous version is still served', { a: 'old' }, { a: 'old' }, versions, stillPrevious],
    [
      'the deployment was in place, and its previous version is unknown',
      { a: 'other' },
      { a: 'other' },
      { version: facts('new'), previousVersion: null, inPlace: true },
      stillPrevious,
    ],
    ['a foreign certificate is served as before', { a: 'other' }, { a: 'other' }, versions, elsewhere],
    [
      'a foreign certificate is served before the first deployment',
      { a: 'other' },
      { a: 'other' },
      { version: facts('new'), previousVersion: null },
      elsewhere,
    ],
    ['the new version is served, but wrongly', { a: 'new' }, { a: 'new' }, versions, null],
    ['the served certificate has changed', { a: 'old' }, { a: 'other' }, versions, null],
    ['only some addresses serve the previous version', { a: 'old' }, { a: 'old', b: 'new' }, versions, null],
    ['no address answers', { a: null }, { a: null }, versions, null],
  ])('The explanation is right when %s.', (_, seenBefore, seenNow, push, text) => {
    const result = withoutEffectText(baselineOf(seenBefore), addressesOf(seenNow), push as typeof versions);

    expect(result).toBe(text);
  });
});

describe('the warnings of a dry run', () => {
  test.each<[string, Seen, string | null, string[]]>([
    ['the installed version is served', { a: 'old' }, 'old', []],
    ['there are no files yet', { a: 'other' }, null, []],
    [
      'the endpoint is unreachable',
      { 'x.test:443': null },
      'old',
      [
        'the endpoint is unreachable (x.test:443: connection refused); a deployment cannot be verified and is rolled back',
      ],
    ],
    [
      'a foreign certificate is served',
      { a: 'other' },
      'old',
      [expect.stringMatching(/^the endpoint serves .*, and the files on the host contain /)],
    ],
  ])('A dry run warns as it should when %s.', (_, seen, installed, warnings) => {
    expect(baselineWarnings(baselineOf(seen), installed === null ? null : facts(installed))).toEqual(
      warnings,
    );
  });
});
