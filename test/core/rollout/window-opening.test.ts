import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextOpening } from '../../../core/rollout/window-opening.ts';
import { type MaintenanceWindow, weekdays } from '../../../core/targets/window.ts';

const aWindow = (from: string, to: string, timeZone: string, days = [...weekdays]): MaintenanceWindow => ({
  days,
  from,
  to,
  timeZone,
});
const opens = (window: MaintenanceWindow, at: string) =>
  nextOpening(window, new Date(at))?.toISOString() ?? null;
const isOpen = (window: MaintenanceWindow, at: string) => opens(window, at) === new Date(at).toISOString();

describe('a maintenance window', () => {
  test.each([
    ['2026-11-22T00:59:59.999Z', false],
    ['2026-11-22T01:00:00.000Z', true],
    ['2026-11-22T02:59:59.999Z', true],
    ['2026-11-22T03:00:00.000Z', false],
  ])('A maintenance window from 02:00 to 04:00 in Paris is at %s open: %s', (at, open) => {
    expect(isOpen(aWindow('02:00', '04:00', 'Europe/Paris'), at)).toBe(open);
  });

  test('A maintenance window opens on the next of its days', () => {
    const window = aWindow('02:00', '04:00', 'UTC', ['tue', 'thu']);

    // 22 November 2026 is a Sunday
    expect(opens(window, '2026-11-22T12:00:00Z')).toBe('2026-11-24T02:00:00.000Z');
    expect(opens(window, '2026-11-24T04:00:00Z')).toBe('2026-11-26T02:00:00.000Z');
    expect(opens(window, '2026-11-26T04:00:00Z')).toBe('2026-12-01T02:00:00.000Z');
  });

  test('A maintenance window that ends on the following day belongs to the day on which it begins', () => {
    const window = aWindow('22:00', '02:00', 'UTC', ['fri']);

    expect(isOpen(window, '2026-11-27T23:00:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-28T01:59:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-28T02:00:00Z')).toBe(false);
    expect(isOpen(window, '2026-11-27T01:00:00Z')).toBe(false);
  });

  test('A maintenance window whose end is its beginning lasts a day', () => {
    const window = aWindow('06:00', '06:00', 'UTC', ['sat']);

    expect(isOpen(window, '2026-11-28T06:00:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-29T05:59:00Z')).toBe(true);
    expect(isOpen(window, '2026-11-29T06:00:00Z')).toBe(false);
  });

  test.each([
    // put forward from 02:00 to 03:00 at 01:00Z: what the clock leaves out is left out
    ['Europe/Berlin', '02:30', '03:30', '2026-03-28T20:00:00Z', '2026-03-29T01:00:00.000Z', 30],
    ['Europe/Berlin', '01:00', '04:00', '2026-03-28T20:00:00Z', '2026-03-29T00:00:00.000Z', 120],
    // put back from 03:00 to 02:00 at 01:00Z: what it repeats belongs to it once
    ['Europe/Berlin', '02:30', '03:30', '2026-10-24T20:00:00Z', '2026-10-25T00:30:00.000Z', 120],
    ['Europe/Berlin', '02:15', '02:45', '2026-10-24T20:00:00Z', '2026-10-25T00:15:00.000Z', 30],
    // by half an hour, in the other half of the world
    ['Australia/Lord_Howe', '02:10', '02:40', '2026-10-03T00:00:00Z', '2026-10-03T15:30:00.000Z', 10],
    // at midnight
    ['Africa/Cairo', '00:00', '01:30', '2026-04-23T12:00:00Z', '2026-04-23T22:00:00.000Z', 30],
    ['America/New_York', '23:00', '03:30', '2026-03-07T20:00:00Z', '2026-03-08T04:00:00.000Z', 210],
    ['America/New_York', '23:00', '03:30', '2026-10-31T20:00:00Z', '2026-11-01T03:00:00.000Z', 330],
  ])(
    'A maintenance window in %s from %s to %s, after %s, opens at %s for %i minutes when the clocks change',
    (timeZone, from, to, at, opening, minutes) => {
      const window = aWindow(from, to, timeZone);
      const end = Date.parse(opening) + minutes * 60_000;

      expect(opens(window, at)).toBe(opening);
      expect(isOpen(window, new Date(end - 1).toISOString())).toBe(true);
      expect(isOpen(window, new Date(end).toISOString())).toBe(false);
    },
  );

  test('A maintenance window that the clocks leave out altogether opens the day after', () => {
    const window = aWindow('02:15', '02:45', 'Europe/Berlin');

    expect(opens(window, '2026-03-28T20:00:00Z')).toBe('2026-03-30T00:15:00.000Z');
  });

  test('A maintenance window that is weekly and left out opens the week after', () => {
    const window = aWindow('02:15', '02:45', 'Europe/Berlin', ['sun']);

    expect(opens(window, '2026-03-28T20:00:00Z')).toBe('2026-04-05T00:15:00.000Z');
  });
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const time = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
const windows = fc.record({
  from: time,
  to: time,
  timeZone: fc.constantFrom(...zones),
  days: fc.subarray([...weekdays], { minLength: 1 }),
});
const moments = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-12-31'), noInvalidDate: true });

/** What a wall clock shows, asked of another implementation than the one under test. */
function wallClock(at: Date, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return { day: part('weekday').toLowerCase().slice(0, 3), time: `${part('hour')}:${part('minute')}` };
}

const before = (day: string) => weekdays[(weekdays.findIndex((one) => one.startsWith(day)) + 6) % 7] ?? 'mon';

/** Whether the wall clock, as it is, stands within the window: right but for the hours around a change of the clocks. */
function saysTheClock({ days, from, to, timeZone }: MaintenanceWindow, at: Date): boolean {
  const { day, time: now } = wallClock(at, timeZone);
  const has = (one: string) => days.some((own) => own === one);
  if (from < to) return has(day) && from <= now && now < to;
  return (has(day) && from <= now) || (has(before(day)) && now < to);
}

/** No change of the clocks within two days. */
function isQuiet(at: Date, timeZone: string): boolean {
  const near = [-2, -1, 0, 1, 2].map((days) =>
    wallClock(new Date(at.getTime() + days * 86_400_000), timeZone),
  );
  return new Set(near.map((clock) => clock.time)).size === 1;
}

describe('any maintenance window in any zone', () => {
  test('Any maintenance window in any zone is open when the wall clock is within it, apart from clock changes', () => {
    fc.assert(
      fc.property(windows, moments, (window, at) => {
        fc.pre(isQuiet(at, window.timeZone));

        expect(nextOpening(window, at)?.getTime() === at.getTime()).toBe(saysTheClock(window, at));
      }),
      { numRuns: 400 },
    );
  });

  test('Any maintenance window in any zone opens when it announces it, no earlier than asked, and within two weeks and a day', () => {
    fc.assert(
      fc.property(windows, moments, (window, at) => {
        const opening = nextOpening(window, at);
        const wait = (opening?.getTime() ?? Number.NaN) - at.getTime();

        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(15 * 86_400_000);
        expect(nextOpening(window, opening ?? at)).toEqual(opening);
      }),
      { numRuns: 400 },
    );
  });
});
