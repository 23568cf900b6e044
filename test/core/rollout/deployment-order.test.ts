import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inDeploymentOrder } from '../../../core/rollout/deployment-order.ts';

const place = (id: string, host: string, online = true) => ({ target: { id, host }, online });
const ids = (places: readonly { target: { id: string } }[]) => places.map(({ target }) => target.id);

describe('the order of targets', () => {
  test('The order of targets has one of each host before a second of any', () => {
    const places = [
      place('a1', 'h1'),
      place('a2', 'h1'),
      place('a3', 'h1'),
      place('b1', 'h2'),
      place('b2', 'h2'),
    ];

    expect(ids(inDeploymentOrder(places))).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  test('The order of targets has those with host lambda by id, because none waits for another', () => {
    const places = [place('a1', 'h1'), place('a2', 'h1'), place('f1', 'lambda'), place('f2', 'lambda')];

    expect(ids(inDeploymentOrder(places))).toEqual(['a1', 'f1', 'f2', 'a2']);
  });

  test('The order of targets has hosts that are there before those that are not', () => {
    expect(ids(inDeploymentOrder([place('a', 'h1', false), place('b', 'h2')]))).toEqual(['b', 'a']);
  });

  test('The order of targets is the same in whatever order they come, and loses none', () => {
    const places = fc.uniqueArray(
      fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), host: fc.nat(4), online: fc.boolean() }),
      { selector: ({ id }) => id, maxLength: 12 },
    );
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.nat()), (some, shuffle) => {
        const all = some.map(({ id, host, online }) => place(id, `h${host}`, online));
        const keyed = all.map((one) => ({ one, key: shuffle.next().value ?? 0 }));
        const mixed = keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);

        expect(ids(inDeploymentOrder(mixed))).toEqual(ids(inDeploymentOrder(all)));
        expect(ids(inDeploymentOrder(all)).sort()).toEqual(ids(all).sort());
      }),
    );
  });
});
