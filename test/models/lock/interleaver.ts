// Schedules the calls to DynamoDB, Step Functions and SSM. Each call waits here until it is drawn, so the calls of parallel
// executions happen in any order. A seed determines the order.
import { setImmediate } from 'node:timers/promises';

interface WaitingCall {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** `lost`: the call had its effect, but its response is lost or the function was killed. `throttled`: no effect. */
const mishaps = {
  lost: 'TimeoutError',
  throttled: 'ProvisionedThroughputExceededException',
} as const;

export class Interleaver {
  readonly #waiting: WaitingCall[] = [];
  #seed: number;
  /** Percentage of calls that fail. */
  mishapsPercent = 0;
  calls = 0;
  mishaps = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 (inclusive) to `below` (exclusive). A linear congruential generator: a seed always gives the same story. */
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

  /** Waits until the call is drawn, then runs it. */
  call<Result>(run: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => void this.#waiting.push({ run, resolve, reject }));
  }

  /** Runs one waiting call; false if none waits. */
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

/** Whether the Retry of the state machine repeats the call. */
export function isTransient(error: unknown): boolean {
  return error instanceof Error && Object.values<string>(mishaps).includes(error.name);
}
