import { DateTime } from 'luxon';

/** How a command shows times. `zone` is for the head of a column, for example `Europe/Berlin`. */
export interface Times {
  readonly zone: string;
  /** `2026-11-22 04:15:00` of an ISO 8601 time. */
  readonly second: (iso: string) => string;
  /** `2026-11-22 04:15` of an ISO 8601 time. */
  readonly minute: (iso: string) => string;
}

/** Times in the zone of this machine, or in UTC. */
export function timesOf({ utc = false }: { readonly utc?: boolean }): Times {
  return timesIn(utc ? 'UTC' : DateTime.local().zoneName);
}

/** Times in a zone of the IANA database. */
export function timesIn(zone: string): Times {
  const format = (iso: string, pattern: string) => DateTime.fromISO(iso, { zone }).toFormat(pattern);
  return {
    zone,
    second: (iso) => format(iso, 'yyyy-MM-dd HH:mm:ss'),
    minute: (iso) => format(iso, 'yyyy-MM-dd HH:mm'),
  };
}
