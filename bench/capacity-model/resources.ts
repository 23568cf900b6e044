/** A rate with a burst: who comes first is served first. Times are seconds. */
export interface TokenBucket {
  /** When `count` of them can be had by somebody who asks now; times asked must not go back. */
  take(count: number, now: number): number;
  taken(): number;
}

export function tokenBucket({ perSecond, burst }: { perSecond: number; burst: number }): TokenBucket {
  /** When the bucket will be full again. */
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

/** So many at once; the others wait in line. */
export interface Slots {
  /** Calls `go` with the time at which a place is free. */
  enter(now: number, go: (at: number) => void): void;
  leave(now: number): void;
  /** Seconds that places were taken, added up. */
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

/** What happens later, the earliest first; at one time, what was said first. */
export interface Agenda {
  at(time: number, event: (now: number) => void): void;
  /** Until nothing is left; gives the last time. */
  run(): number;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly event: (now: number) => void;
}

/** A binary heap. */
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
