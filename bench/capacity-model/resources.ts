/** A rate with a burst, in order of arrival. Times are seconds. */
export interface TokenBucket {
  /** Takes `count` tokens and returns the time at which they are available. Calls must not go back in time. */
  take(count: number, now: number): number;
  taken(): number;
}

export function tokenBucket({ perSecond, burst }: { perSecond: number; burst: number }): TokenBucket {
  /** The time at which the bucket is full again. */
  let fullAt = 0;
  let taken = 0;
  return {
    take(count, now) {
      taken += count;
      fullAt = Math.max(fullAt, now) + count / perSecond;
      return Math.max(now, fullAt - burst / perSecond);
    },
    taken: () => taken,
  };
}

/** A maximum concurrency with a queue. */
export interface Slots {
  /** Calls `go` with the time at which a slot is free. */
  enter(now: number, go: (at: number) => void): void;
  leave(now: number): void;
  /** The sum of the seconds for which slots were in use. */
  busySeconds(now: number): number;
}

export function slots(atOnce: number): Slots {
  const waiting: ((at: number) => void)[] = [];
  let next = 0;
  let inUse = 0;
  let busy = 0;
  let since = 0;
  const count = (now: number, change: number) => {
    busy += inUse * (now - since);
    since = now;
    inUse += change;
  };
  return {
    enter(now, go) {
      if (inUse >= atOnce) {
        waiting.push(go);
        return;
      }
      count(now, 1);
      go(now);
    },
    leave(now) {
      const first = waiting[next];
      if (first === undefined) {
        count(now, -1);
        return;
      }
      next += 1;
      first(now);
    },
    busySeconds(now) {
      count(now, 0);
      return busy;
    },
  };
}

/** A queue of future events by time. Events of the same time keep their order. */
export interface Agenda {
  at(time: number, event: (now: number) => void): void;
  /** Runs all events and returns the last time. */
  run(): number;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly event: (now: number) => void;
}

/** Implemented as a binary heap. */
export function agenda(): Agenda {
  const heap: Entry[] = [];
  let order = 0;
  return {
    at(time, event) {
      order += 1;
      push(heap, { time, order, event });
    },
    run() {
      let now = 0;
      for (let first = pop(heap); first !== undefined; first = pop(heap)) {
        now = first.time;
        first.event(now);
      }
      return now;
    },
  };
}

const before = (one: Entry, other: Entry) =>
  one.time < other.time || (one.time === other.time && one.order < other.order);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Entry;
    if (!before(entry, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
    if (!before(heap[child] as Entry, last)) break;
    heap[at] = heap[child] as Entry;
    at = child;
  }
  heap[at] = last;
  return first;
}
