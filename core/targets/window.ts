import * as z from 'zod/mini';
import { described } from './kinds/described.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const TimeOfDay = z
  .string()
  .check(z.regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day in quotes, such as "02:30"'));

const TimeZone = z
  .string()
  .check(z.refine(isTimeZone, 'a time zone of the IANA database, such as Europe/Paris, or UTC'));

/**
 * When rollouts may deploy to a target: on the named `days`, from `from` until just before `to`, in local time of
 * `timeZone`. If `to` is not after `from`, the window ends on the following day; `days` names the day of its start.
 */
export const MaintenanceWindow = z.strictObject({
  days: described(
    z._default(z.array(z.enum(weekdays)).check(z.minLength(1)), [...weekdays]),
    'The days on which the window opens. Default: every day.',
  ),
  from: described(TimeOfDay, 'The time at which the window opens, such as "02:30", in quotes.'),
  to: described(
    TimeOfDay,
    'The time at which the window closes. If it is not after from, the window closes on the following day.',
  ),
  timeZone: described(TimeZone, 'The time zone of from and to, such as Europe/Paris or UTC.'),
});
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
