/**
 * A fleet of deployments in an account whose Lambda concurrency is too low. It follows Retry and Catch of the states in the state
 * machine file. Not simulated: the states after a Catch, other functions of the account, and the pace of SSM.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const Retrier = z.object({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number(),
  MaxAttempts: z.int(),
  BackoffRate: z.number(),
  MaxDelaySeconds: z.number(),
});
const Catcher = z.object({ ErrorEquals: z.array(z.string()), Next: z.string() });
const State = z.object({ Retry: z._default(z.array(Retrier), []), Catch: z._default(z.array(Catcher), []) });
const States = z.record(z.string(), State);
export type RetriedStates = z.infer<typeof States>;

export interface ThrottledFleet {
  readonly deployments: number;
  /** `maxConcurrency` of the strategy. */
  readonly atOnce: number;
  /** Concurrent executions of functions in the account. */
  readonly functions: number;
  readonly probeSeconds: number;
  readonly seed: number;
}

/** Seconds of each call of a function, and before it the seconds without one: the agent works between push and probe. */
const steps = (probeSeconds: number) => [
  { state: 'AcquireLock', seconds: 0.3, before: 0 },
  { state: 'PushBundle', seconds: 1, before: 0 },
  { state: 'ProbeEndpoint', seconds: probeSeconds, before: 4 },
  { state: 'CommitDeployment', seconds: 0.3, before: 0 },
];

/** The states of `deploy-target` from the file of the state machine. */
export function readStates(): RetriedStates {
  const file = join(import.meta.dirname, '../../cdk/state-machines/deploy-target.asl.json');
  return States.parse(JSON.parse(readFileSync(file, 'utf8')).States);
}

/** The same states with the Retry and Catch of version 0.1: six attempts, and a throttled probe leads to RollBack. */
export function statesBefore(states: RetriedStates): RetriedStates {
  const six = { IntervalSeconds: 1, MaxAttempts: 6, BackoffRate: 2, MaxDelaySeconds: 20 };
  const Retry = [{ ErrorEquals: [throttled], ...six }];
  const recording = states.CommitDeployment;
  const before = Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, { ...state, Retry }]),
  );
  return {
    ...before,
    ...(recording && { CommitDeployment: recording }),
    ProbeEndpoint: { Retry, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'RollBack' }] },
  };
}

const throttled = 'Lambda.TooManyRequestsException';
const wildcards = ['States.TaskFailed', 'States.ALL'];
const applies = ({ ErrorEquals }: { readonly ErrorEquals: readonly string[] }) =>
  ErrorEquals.some((name) => name === throttled || wildcards.includes(name));

/** The number of deployments by how they ended: `Deployed`, or the state to which a Catch led. */
export function simulateThrottling(states: RetriedStates, fleet: ThrottledFleet): Record<string, number> {
  const random = generator(fleet.seed);
  const calls = steps(fleet.probeSeconds);
  const ends: Record<string, number> = {};
  const agenda = new Map<number, (() => void)[]>();
  const tick = (seconds: number) => Math.round(seconds * 100);
  let [now, inUse, started] = [0, 0, 0];
  const after = (seconds: number, go: () => void) => {
    const at = now + Math.max(1, tick(seconds));
    agenda.set(at, [...(agenda.get(at) ?? []), go]);
  };
  const startNext = () => {
    if (started >= fleet.deployments) return;
    started += 1;
    enter(0);
  };
  const end = (how: string) => {
    ends[how] = (ends[how] ?? 0) + 1;
    startNext();
  };
  const enter = (step: number) => {
    const call = calls[step];
    if (call === undefined) end('Deployed');
    else after(call.before + random() * 0.5, () => invoke(step, 0));
  };
  const invoke = (step: number, attempt: number) => {
    const call = calls[step];
    if (call === undefined) return;
    if (inUse < fleet.functions) {
      inUse += 1;
      after(call.seconds, () => {
        inUse -= 1;
        enter(step + 1);
      });
      return;
    }
    const { Retry = [], Catch = [] } = states[call.state] ?? {};
    const retrier = Retry.find(applies);
    if (retrier !== undefined && attempt < retrier.MaxAttempts) {
      const { IntervalSeconds, BackoffRate, MaxDelaySeconds } = retrier;
      const delay = Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds);
      after(delay * random(), () => invoke(step, attempt + 1)); // JitterStrategy FULL
      return;
    }
    end(Catch.find(applies)?.Next ?? 'failed');
  };
  for (let one = 0; one < fleet.atOnce; one++) startNext();
  while (agenda.size > 0) {
    now = Math.min(...agenda.keys());
    const due = agenda.get(now) ?? [];
    agenda.delete(now);
    for (const go of due) go();
  }
  return ends;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32, public domain). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
