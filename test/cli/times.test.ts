import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { entryLimit, sinceTime } from '../../cli/define/history-filters.ts';
import { timesIn, timesOf } from '../../cli/render/times.ts';

const now = DateTime.fromISO('2026-11-22T12:00:00Z');

test('Times are those of the zone, and the zone has a name', () => {
  const berlin = timesIn('Europe/Berlin');

  expect(berlin.second('2026-11-22T04:15:09.500Z')).toBe('2026-11-22 05:15:09');
  expect(berlin.minute('2026-07-22T04:15:09.500Z')).toBe('2026-07-22 06:15');
  expect(berlin.minute(Date.parse('2026-07-22T23:15:09Z') / 1_000)).toBe('2026-07-23 01:15');
  expect(berlin.day('2026-07-22T23:15:09Z')).toBe('2026-07-23');
  expect(berlin.zone).toBe('Europe/Berlin');
  expect(timesOf({ utc: true })).toMatchObject({ zone: 'UTC' });
  expect(timesOf({}).zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});

test.each([
  ['7d', '2026-11-15T12:00:00.000Z'],
  ['12h', '2026-11-22T00:00:00.000Z'],
  ['30m', '2026-11-22T11:30:00.000Z'],
  ['2w', '2026-11-08T12:00:00.000Z'],
  ['2026-11-01T00:00:00Z', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T02:00:00+02:00', '2026-11-01T00:00:00.000Z'],
])('--since %s is %s', (text, expected) => {
  expect(sinceTime(text, undefined, now)).toBe(expected);
});

test('--since with a date means its first moment in the zone of this machine', () => {
  expect(sinceTime('2026-11-01')).toBe(DateTime.local(2026, 11, 1).toUTC().toISO());
});

test.each(['', 'yesterday', '7', 'd', '-7d', '7y', '2026-13-01', '999999d', 'P7D'])(
  '--since refuses %j, and names what it accepts',
  (text) => {
    expect(() => sinceTime(text)).toThrow('Use a duration such as 7d or 12h, or a date such as 2026-11-22.');
  },
);

test('--limit accepts whole numbers from 1 on', () => {
  expect(entryLimit('20')).toBe(20);
  for (const text of ['0', '-1', '1.5', 'ten', '20001', ''])
    expect(() => entryLimit(text)).toThrow('from 1 to');
});
