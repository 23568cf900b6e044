import * as z from 'zod/mini';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const TimeOfDay = z
  .string()
  .check(z.regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day in quotes, such as "02:30"'));

const TimeZone = z
  .string()
  .check(z.refine(isTimeZone, 'a time zone of the IANA database, such as Europe/Paris, or UTC'));

/**
 * When a target may be touched: from `from` up to, not including, `to` on the named `days`, in the wall clock of
 * `timeZone`. A window whose `to` is not after its `from` ends on the following day; `days` says where it begins.
 */
export const MaintenanceWindow = z.strictObject({
  days: z._default(z.array(z.enum(weekdays)).check(z.minLength(1)), [...weekdays]),
  from: TimeOfDay,
  to: TimeOfDay,
  timeZone: TimeZone,
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
