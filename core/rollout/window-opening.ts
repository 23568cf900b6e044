// Maintenance windows as points in time. A window starts at the first moment of a day at which the local time is `from` or
// later, and ends at the first moment after that at which it is `to` or later. Time that a change of the clocks skips is
// not part of a window; time that it repeats does not open the window twice.
import { DateTime } from 'luxon';
import { type MaintenanceWindow, weekdays } from '../targets/window.ts';

/** The next time at which the window is open: `at` if it is open then. Null if it never opens in the next two weeks. */
export function nextOpening(window: MaintenanceWindow, at: Date): Date | null {
  const now = at.getTime();
  const next = openings(window, at).find(({ to }) => now < to);
  return next === undefined ? null : new Date(Math.max(now, next.from));
}

/** Milliseconds since the epoch; `to` is exclusive. */
interface Opening {
  readonly from: number;
  readonly to: number;
}

/** Days relative to today. Yesterday's window may last until today; a skipped one follows a week later. */
const firstDay = -1;
const lastDay = 14;

/** The openings that start around `at`, in order, without those that a change of the clocks skips entirely. */
function openings({ days, from, to, timeZone }: MaintenanceWindow, at: Date): Opening[] {
  const today = DateTime.fromJSDate(at, { zone: timeZone }).startOf('day');
  const endsNextDay = to <= from;
  const found: Opening[] = [];
  for (let offset = firstDay; offset <= lastDay; offset += 1) {
    const day = today.plus({ days: offset });
    if (!days.includes(weekdays[day.weekday - 1] ?? 'mon')) continue;
    const opening = {
      from: firstMoment(day, from),
      to: firstMoment(endsNextDay ? day.plus({ days: 1 }) : day, to),
    };
    if (opening.from < opening.to) found.push(opening);
  }
  return found;
}

/** The first moment of the day at which the local time is this time or later. */
function firstMoment(day: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const meant = { year: day.year, month: day.month, day: day.day, hour, minute };
  const found = DateTime.fromObject(meant, { zone: day.zone });
  if (found.hour !== hour || found.minute !== minute) return endOfGap(found);
  return Math.min(...found.getPossibleOffsets().map((moment) => moment.toMillis()));
}

const maximumGapMs = 24 * 60 * 60 * 1000;

/** For a local time that does not exist on that day: the second at which the clock was put forward, by bisection. */
function endOfGap(past: DateTime): number {
  let [before, after] = [past.toMillis() - maximumGapMs, past.toMillis()];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2);
    const offset = DateTime.fromMillis(middle, { zone: past.zone }).offset;
    if (offset === past.offset) after = middle;
    else before = middle;
  }
  return Math.floor(after / 1000) * 1000;
}
