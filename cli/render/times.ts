import { DateTime } from 'luxon';

/** ISO 8601, or epoch seconds as certificates have them. */
type Time = string | number;

/** How a command shows times. `zone` is for the head of a column, for example `Europe/Berlin`. */
export interface Times {
  readonly zone: string;
  /** `2026-11-22 04:15:00`. */
  readonly second: (time: Time) => string;
  /** `2026-11-22 04:15`. */
  readonly minute: (time: Time) => string;
  /** `2026-11-22`. */
  readonly day: (time: Time) => string;
}

/** Times in the zone of this machine, or in UTC. */
export function timesOf({ utc = false }: { readonly utc?: boolean }): Times {
  return timesIn(utc ? 'UTC' : DateTime.local().zoneName);
}

/** Times in a zone of the IANA database. */
export function timesIn(zone: string): Times {
  const inZone = (pattern: string) => (time: Time) =>
    (typeof time === 'number'
      ? DateTime.fromSeconds(time, { zone })
      : DateTime.fromISO(time, { zone })
    ).toFormat(pattern);
  return {
    zone,
    second: inZone('yyyy-MM-dd HH:mm:ss'),
    minute: inZone('yyyy-MM-dd HH:mm'),
    day: inZone('yyyy-MM-dd'),
  };
}
