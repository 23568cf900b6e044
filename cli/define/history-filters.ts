import { InvalidArgumentError } from 'commander';
import { DateTime, Duration } from 'luxon';

/** The largest list that a command prints. */
const maximumEntries = 20_000;

/** A number of entries. Throws InvalidArgumentError. */
export function entryLimit(text: string): number {
  const limit = Number(text);
  if (/^[1-9]\d*$/.test(text) && limit <= maximumEntries) return limit;
  throw new InvalidArgumentError(`Use a number from 1 to ${maximumEntries}.`);
}

const units = { d: 'days', h: 'hours', m: 'minutes', w: 'weeks' } as const;

/**
 * The ISO 8601 time (UTC) of `7d`, `12h`, `30m` or `2w` before `now`, or of a date or time in ISO 8601. A time without a zone is one
 * of this machine. Throws InvalidArgumentError.
 */
export function sinceTime(text: string, _previous?: unknown, now: DateTime = DateTime.now()): string {
  const [, count = '', unit = ''] = /^(\d{1,5})([dhmw])$/.exec(text) ?? [];
  const time =
    unit === ''
      ? DateTime.fromISO(text)
      : now.minus(Duration.fromObject({ [units[unit as keyof typeof units]]: Number(count) }));
  const iso = /^\d/.test(text) ? time.toUTC().toISO() : null;
  if (iso !== null) return iso;
  throw new InvalidArgumentError('Use a duration such as 7d or 12h, or a date such as 2026-11-22.');
}
