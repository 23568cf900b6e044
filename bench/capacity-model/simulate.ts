import { type Step, stepsOf } from './deployment-steps.ts';
import { type Quotas, type RateName, rateNames, type SlotName, slotNames } from './quotas.ts';
import { type Agenda, agenda, type Slots, slots, type TokenBucket, tokenBucket } from './resources.ts';

/** How a rollout went: seconds, and how much of each limit was used on average while the last wave ran, from 0 to 1. */
export interface Simulated {
  readonly seconds: number;
  readonly waves: readonly number[];
  readonly used: Readonly<Record<RateName | SlotName, number>>;
  /** The one that was used most. */
  readonly limit: RateName | SlotName;
}

/** Cumulative, as a strategy has them: one, a tenth, all. */
export const defaultWaves = [1, 0.1, 1] as const;

/**
 * One rollout, simulated event by event: each deployment goes through its steps, takes what each step takes of every rate
 * in the order in which it comes, and holds a place among the deployments (and the functions) while it lasts. Nothing is
 * drawn by lot: the same quotas give the same result.
 */
export function simulate(targets: number, quotas: Quotas): Simulated {
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

/** Targets that each wave reaches anew. */
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

/** One step after the other, each as an event of its own, so that the rates are asked in the order of time. */
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
  const onwards = (at: number) => step(world, { index: index + 1, now: at }, ended);
  world.agenda.at(granted(world, one, now), (at) => {
    if (!one.lambda) {
      world.agenda.at(at + one.seconds, onwards);
      return;
    }
    world.slots.functions.enter(at, (begun) => {
      world.agenda.at(begun + one.seconds, (then) => {
        world.slots.functions.leave(then);
        onwards(then);
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
  /** Seconds of the last wave. */
  readonly last: number;
}

function usedOf(
  world: World,
  quotas: Quotas,
  { taken, busy, end, last }: Span,
): Pick<Simulated, 'used' | 'limit'> {
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
  // places are held by whoever waits for a rate: a rate that is used up is the reason, full places the consequence
  const rates = [...rateNames].sort((one, other) => used[other] - used[one]);
  const places = [...slotNames].sort((one, other) => used[other] - used[one]);
  const [rate, place] = [rates[0] as RateName, places[0] as SlotName];
  return { used, limit: used[rate] >= usedUp || used[rate] >= used[place] ? rate : place };
}

/** A wave's first and last seconds are never full. */
const usedUp = 0.9;

function byName<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
