// Not simulated: time that passes on its own.
import type { Clock } from '../../core/clock.ts';

export interface SettableClock extends Clock {
  set(iso: string): void;
  forward(milliseconds: number): void;
}

export function settableClock(iso = '2026-11-22T12:00:00.000Z'): SettableClock {
  let now = new Date(iso);
  return {
    now: () => now,
    set: (next) => {
      now = new Date(next);
    },
    forward: (milliseconds) => {
      now = new Date(now.getTime() + milliseconds);
    },
  };
}
