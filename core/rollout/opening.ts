// Maintenance windows as moments. A window of a day begins at the first moment at which the wall clock of its zone shows
// `from` or later, and ends at the first moment after that at which it shows `to` or later: what a change of the clocks
// leaves out is left out, what it repeats is not opened twice.
import { DateTime } from 'luxon';
import { type MaintenanceWindow, weekdays } from '../targets/window.ts';

/** When the window is open next: `at` itself where it is open then. Null where no day of the next two weeks has it. */
export function opensAt(window: MaintenanceWindow, at: Date): Date | null {
  const now = at.getTime();
  const next = openings(window, at).find(({ to }) => now < to);
  return next === undefined ? null : new Date(Math.max(now, next.from));
}

/** In milliseconds since the epoch; `to` is no part of it. */
interface Opening {
  readonly from: number;
  readonly to: number;
}

/** Yesterday's may last until today; a weekly window that a change of the clocks leaves out has its turn a week later. */
const firstDay = -1;
const lastDay = 14;

/** The openings that begin around `at`, in order, without those that a change of the clocks leaves nothing of. */
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

/** The first moment at which the clock of the day shows this time or a later one. */
function firstMoment(day: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const meant = { year: day.year, month: day.month, day: day.day, hour, minute };
  const found = DateTime.fromObject(meant, { zone: day.zone });
  if (found.hour !== hour || found.minute !== minute) return endOfGap(found);
  return Math.min(...found.getPossibleOffsets().map((moment) => moment.toMillis()));
}

const longestGapMs = 24 * 60 * 60 * 1000;

/** The clock never shows that time, and luxon went past it: when the clock was put forward, to the second. */
function endOfGap(past: DateTime): number {
  let [before, after] = [past.toMillis() - longestGapMs, past.toMillis()];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2);
    const offset = DateTime.fromMillis(middle, { zone: past.zone }).offset;
    if (offset === past.offset) after = middle;
    else before = middle;
  }
  return Math.floor(after / 1000) * 1000;
}
