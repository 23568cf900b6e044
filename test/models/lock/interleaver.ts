// Decides who goes next. Every call to DynamoDB, Step Functions or SSM waits here until it is drawn, so that the calls of
// all who run at once come in any order; what is drawn follows from a seed.
import { setImmediate } from 'node:timers/promises';

interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The answer got lost, or the function was killed, after the call had its effect, or before it could have one. */
const mishaps = {
  lost: 'TimeoutError',
  throttled: 'ProvisionedThroughputExceededException',
} as const;

export class Interleaver {
  readonly #waiting: Waiting[] = [];
  #seed: number;
  /** Of a hundred calls this many go wrong. */
  mishapsPercent = 0;
  calls = 0;
  mishaps = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 up to, but not, `below`. A linear congruential generator, so that a seed always gives the same story. */
  draw(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((this.#seed >>> 8) / 2 ** 24) * below);
  }

  chance(percent: number): boolean {
    return this.draw(100) < percent;
  }

  pick<Thing>(things: readonly Thing[]): Thing | undefined {
    return things[this.draw(things.length)];
  }

  /** Waits to be drawn, then does it. */
  call<Result>(run: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => void this.#waiting.push({ run, resolve, reject }));
  }

  /** Lets one of those who wait go on; false when nobody waits. */
  async step(): Promise<boolean> {
    await setImmediate();
    const [next] = this.#waiting.splice(this.draw(this.#waiting.length), 1);
    if (next === undefined) return false;
    this.calls += 1;
    const mishap = this.chance(this.mishapsPercent) ? this.#mishap() : null;
    try {
      if (mishap === 'throttled') throw named(mishaps.throttled);
      const value = next.run();
      if (mishap === 'lost') throw named(mishaps.lost);
      next.resolve(value as never);
    } catch (error) {
      next.reject(error);
    }
    return true;
  }

  #mishap(): keyof typeof mishaps {
    this.mishaps += 1;
    return this.chance(60) ? 'lost' : 'throttled';
  }
}

const named = (name: string) => Object.assign(new Error(name), { name });

/** What the state machine's Retry repeats. */
export function isTransient(error: unknown): boolean {
  return error instanceof Error && Object.values<string>(mishaps).includes(error.name);
}
