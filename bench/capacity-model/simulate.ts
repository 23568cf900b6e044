import { type Step, stepsOf } from './deployment-steps.ts';
import { type Quotas, type RateName, rateNames, type SlotName, slotNames } from './quotas.ts';
import { type Agenda, agenda, type Slots, slots, type TokenBucket, tokenBucket } from './resources.ts';

/** The duration of a rollout, and the average use of each limit during the last wave (0 to 1). */
export interface Simulation {
  readonly seconds: number;
  readonly waves: readonly number[];
  readonly used: Readonly<Record<RateName | SlotName, number>>;
  /** The limit with the highest use. */
  readonly limit: RateName | SlotName;
}

/** The default waves of a strategy, cumulative: 1 target, 10%, 100%. */
export const defaultWaves = [1, 0.1, 1] as const;

/**
 * Simulates one rollout event by event. Each deployment runs its steps and takes tokens of each rate in order of arrival. It
 * occupies a deployment slot, and a function slot during Lambda steps. The same quotas always give the same result.
 */
export function simulate(targets: number, quotas: Quotas): Simulation {
  const world = openWorld(quotas);
  const sizes = sizesOf(targets);
  const starts: number[] = [];
  let lastStart = { seconds: 0, taken: takenNow(world), busy: busyNow(world, 0) };
  const wave = (index: number, now: number) => {
    const size = sizes[index];
    if (size === undefined) return;
    starts.push(now);
    lastStart = { seconds: now, taken: takenNow(world), busy: busyNow(world, now) };
    let left = size;
    const ended = (at: number) => {
      left -= 1;
      if (left === 0) world.agenda.at(at + quotas.seconds.betweenWaves, (then) => wave(index + 1, then));
    };
    for (let count = 0; count < size; count += 1) deploy(world, now, ended);
  };
  world.agenda.at(0, (now) => wave(0, now));
  const end = world.agenda.run();
  const last = end - quotas.seconds.betweenWaves - lastStart.seconds;
  return { seconds: end, waves: sizes, ...usedOf(world, quotas, { ...lastStart, end, last }) };
}

interface World {
  readonly agenda: Agenda;
  readonly steps: readonly Step[];
  readonly rates: Readonly<Record<RateName, TokenBucket>>;
  readonly slots: Readonly<Record<SlotName, Slots>>;
}

function openWorld(quotas: Quotas): World {
  return {
    agenda: agenda(),
    steps: stepsOf(quotas),
    rates: byName(rateNames, (name) => tokenBucket(quotas.rates[name])),
    slots: byName(slotNames, (name) => slots(quotas.slots[name].atOnce)),
  };
}

/** The number of targets in each wave. */
function sizesOf(targets: number): number[] {
  const reached = defaultWaves.map((share, at) => (at === 0 ? share : Math.ceil(targets * share)));
  return reached.map((count, at) => count - (reached[at - 1] ?? 0)).filter((count) => count > 0);
}

function deploy(world: World, now: number, ended: (now: number) => void): void {
  world.slots.deployments.enter(now, (at) => {
    step(world, { index: 0, now: at }, (then) => {
      world.slots.deployments.leave(then);
      ended(then);
    });
  });
}

/** Runs the steps in sequence. Each step is a separate event, so that rates are used in order of time. */
function step(
  world: World,
  { index, now }: { index: number; now: number },
  ended: (now: number) => void,
): void {
  const one = world.steps[index];
  if (one === undefined) {
    ended(now);
    return;
  }
  const next = (at: number) => step(world, { index: index + 1, now: at }, ended);
  world.agenda.at(granted(world, one, now), (at) => {
    if (!one.lambda) {
      world.agenda.at(at + one.seconds, next);
      return;
    }
    world.slots.functions.enter(at, (begun) => {
      world.agenda.at(begun + one.seconds, (then) => {
        world.slots.functions.leave(then);
        next(then);
      });
    });
  });
}

function granted({ rates }: World, { takes }: Step, now: number): number {
  const times = Object.entries(takes).map(([name, count]) => rates[name as RateName].take(count, now));
  return Math.max(now, ...times);
}

const takenNow = ({ rates }: World) => byName(rateNames, (name) => rates[name].taken());
const busyNow = (world: World, now: number) =>
  byName(slotNames, (name) => world.slots[name].busySeconds(now));

interface Span {
  readonly taken: Readonly<Record<RateName, number>>;
  readonly busy: Readonly<Record<SlotName, number>>;
  readonly end: number;
  /** The duration of the last wave in seconds. */
  readonly last: number;
}

function usedOf(
  world: World,
  quotas: Quotas,
  { taken, busy, end, last }: Span,
): Pick<Simulation, 'used' | 'limit'> {
  const used = {
    ...byName(
      rateNames,
      (name) => (world.rates[name].taken() - taken[name]) / (quotas.rates[name].perSecond * last),
    ),
    ...byName(
      slotNames,
      (name) => (world.slots[name].busySeconds(end) - busy[name]) / (quotas.slots[name].atOnce * last),
    ),
  };
  // a deployment that waits for a rate occupies a slot: the exhausted rate is the cause, occupied slots the effect
  const rates = [...rateNames].sort((one, other) => used[other] - used[one]);
  const slotsByUse = [...slotNames].sort((one, other) => used[other] - used[one]);
  const [rate, slot] = [rates[0] as RateName, slotsByUse[0] as SlotName];
  return { used, limit: used[rate] >= exhausted || used[rate] >= used[slot] ? rate : slot };
}

/** Less than 1, because the first and last seconds of a wave never use a rate fully. */
const exhausted = 0.9;

function byName<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
