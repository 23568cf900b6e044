import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOfThousand } from '../../bench/capacity-model/cost.ts';
import { stepsOf, takenOf } from '../../bench/capacity-model/deployment-steps.ts';
import { pageWithScale, scalePage } from '../../bench/capacity-model/page.ts';
import { changed, rateNames, readQuotas } from '../../bench/capacity-model/quotas.ts';
import { agenda, slots, tokenBucket } from '../../bench/capacity-model/resources.ts';
import { simulate } from '../../bench/capacity-model/simulate.ts';
import { renderScale } from '../../bench/capacity-model/table.ts';
import { machine, stateNamed, successors } from '../scenarios/graph.ts';

const published = readQuotas();
const wide = { slots: { deployments: 1000 } };

test('docs/scale.md has the tables that npm run bench:scale prints', () => {
  const page = readFileSync(scalePage, 'utf8');

  expect(page, 'run npm run bench:scale -- --write').toBe(pageWithScale(page, renderScale(published)));
});

describe('a simulated rollout', () => {
  test('A simulated rollout takes as long as the commands that may be sent, where those are the limit', () => {
    const { seconds, limit } = simulate(10_000, changed(published, wide));

    expect(limit).toBe('sendCommands');
    expect(seconds).toBeGreaterThan(10_000 / 10);
    expect(seconds).toBeLessThan(10_000 / 10 + 60);
  });

  test('A simulated rollout takes as long as its slots are held, if those are the limit', () => {
    const { seconds, limit, waves } = simulate(10_000, published);
    const one = stepsOf(published).reduce((sum, step) => sum + step.seconds, 0);
    const rounds = waves.reduce((sum, size) => sum + Math.ceil(size / 8), 0);

    expect(limit).toBe('deployments');
    expect(seconds).toBeGreaterThan(rounds * one * 0.99);
    expect(seconds).toBeLessThan(rounds * one + 60);
  });

  test.each([
    ['sendCommands', 20_000, wide],
    [
      'childStarts',
      60_000,
      {
        slots: { deployments: 10_000 },
        rates: { sendCommands: { perSecond: 1e6, burst: 1e6 }, invocations: { perSecond: 1e6, burst: 1e6 } },
      },
    ],
    ['sourceReads', 20_000, { ...wide, rates: { sourceReads: { perSecond: 5, burst: 5 } } }],
  ] as const)(
    'A simulated rollout takes twice as long with half of what limits it: %s, %i targets',
    (limit, targets, changes) => {
      const quotas = changed(published, changes);
      const { perSecond } = quotas.rates[limit];
      const half = changed(quotas, { rates: { [limit]: { perSecond: perSecond / 2 } } });

      const [whole, slower] = [simulate(targets, quotas), simulate(targets, half)];

      expect([whole.limit, slower.limit]).toEqual([limit, limit]);
      expect(slower.seconds / whole.seconds).toBeGreaterThan(1.9);
      expect(slower.seconds / whole.seconds).toBeLessThan(2.05);
    },
  );

  test('A simulated rollout gains nothing from more of what does not limit it', () => {
    const quotas = changed(published, wide);
    const before = simulate(3000, quotas);

    for (const name of ['tableWrites', 'sourceReads', 'taskSuccesses', 'controlReads'] as const) {
      const { perSecond, burst } = quotas.rates[name];
      const more = changed(quotas, { rates: { [name]: { perSecond: 10 * perSecond, burst: 10 * burst } } });
      expect(simulate(3000, more).seconds).toBeCloseTo(before.seconds, 6);
    }
    expect(simulate(3000, changed(quotas, { slots: { functions: 10_000 } })).seconds).toBe(before.seconds);
  });

  test('A simulated rollout never goes faster than any one limit allows, nor above one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(...rateNames),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 300 }),
        (targets, name, perSecond, deployments) => {
          const quotas = changed(published, {
            slots: { deployments },
            rates: { [name]: { perSecond, burst: 1 } },
          });

          const { seconds, waves } = simulate(targets, quotas);

          const need = takenOf(name, stepsOf(quotas)) * targets;
          expect(seconds).toBeGreaterThanOrEqual((need - waves.length - 1) / perSecond);
          expect(waves.reduce((sum, size) => sum + size, 0)).toBe(targets);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('The simulated deployment has the transitions of the graph, and the wait before it', () => {
  const simulated = stepsOf(published).filter(({ takes }) => takes.transitions === 1);
  const names = simulated.map(({ name }) => name);

  expect(names.slice(0, 2)).toEqual(['Splay', machine.StartAt]);
  for (const [index, name] of names.slice(1, -1).entries()) {
    expect(successors(stateNamed(name))).toContain(names[index + 2]);
  }
  expect(stateNamed(names.at(-1) ?? '').Type).toBe('Succeed');
});

test('A thousand deployments cost what their eight thousand transitions do, and little else', () => {
  const costs = costOfThousand(published);

  expect(costs['Step Functions']).toBeCloseTo(0.2, 6);
  expect(Object.values(costs).reduce((sum, dollars) => sum + dollars, 0)).toBeLessThan(0.4);
});

describe('what the simulation is made of', () => {
  test('A bucket of tokens allows its burst at once and the rest at its rate, for every caller', () => {
    const bucket = tokenBucket({ perSecond: 2, burst: 3 });

    expect([0, 0, 0, 0, 0].map((now) => bucket.take(1, now))).toEqual([0, 0, 0, 0.5, 1]);
    expect([10, 10].map((now) => bucket.take(2, now))).toEqual([10, 10.5]);
    expect(bucket.taken()).toBe(9);
  });

  test('Slots in the simulation are given in the order of the queue, and counted while they are held', () => {
    const places = slots(1);
    const entered: string[] = [];
    places.enter(0, () => entered.push('first'));
    places.enter(1, () => entered.push('second'));
    places.enter(1, () => entered.push('third'));
    places.leave(5);
    places.leave(6);
    places.leave(8);

    expect(entered).toEqual(['first', 'second', 'third']);
    expect(places.busySeconds(10)).toBe(8);
  });

  test('The simulation runs later events later, and simultaneous events in the order in which they were scheduled', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (times) => {
        const diary = agenda();
        const happened: [number, number][] = [];
        for (const [order, time] of times.entries()) diary.at(time, (now) => happened.push([now, order]));
        diary.run();

        expect(happened).toEqual(
          times.map((time, order) => [time, order]).sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d),
        );
      }),
    );
  });
});
