import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Condition } from '../../core/drift/finding.ts';
import { advanceCursor } from '../../lambdas/drift/sweep-cursor.ts';
import { type CountedFinding, countsOf } from '../../lambdas/drift/sweep-totals.ts';
import type { SweepCursor } from '../../services/registry/sweep-cursor.ts';

const aRollout = fc.option(fc.record({ fingerprint: fc.constant('f'), running: fc.boolean() }));
const aFinding = fc.record({
  finding: fc.record({
    condition: fc.constantFrom<Condition>(
      'ok',
      'drift',
      'outdated',
      'unreachable',
      'chain_incomplete',
      'never_deployed',
    ),
    daysToExpiry: fc.option(fc.integer({ min: -5, max: 400 })),
  }),
  status: fc.record({ due: fc.record({ rollout: aRollout }) }),
});

const nameOf = (at: number) => String(at).padStart(3, '0');

/** Runs that each have time for so many targets, over a fleet in which nothing changes. */
function sweepAgainAndAgain(fleet: readonly CountedFinding[], times: readonly number[], begin: SweepCursor) {
  let cursor = begin;
  return times.map((time) => {
    const { reached } = cursor;
    const after = reached === null ? 0 : fleet.findIndex((_, at) => nameOf(at) > reached);
    const first = Math.max(0, after);
    const inOrder = [...fleet.keys()].slice(first).concat([...fleet.keys()].slice(0, first));
    const seen = inOrder.slice(0, time);
    const last = seen.at(-1);
    const run = {
      targets: fleet.length,
      toEnd: fleet.length - first,
      findings: seen.flatMap((at) => fleet[at] ?? []),
      reached: seen.length === fleet.length ? null : last === undefined ? (reached ?? '') : nameOf(last),
    };
    const next = advanceCursor(cursor, run);
    cursor = next.cursor;
    return { complete: next.complete, seen: seen.length };
  });
}

describe('the numbers of all targets', () => {
  test('The numbers of all targets are published only once every target was seen, and are then those of all, however the runs are cut', () => {
    let published = 0;
    fc.assert(
      fc.property(
        fc.array(aFinding, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: 14 }), { minLength: 1, maxLength: 12 }),
        (fleet, times) => {
          const [rounds, looks] = [[] as number[], [] as number[]];
          for (const { complete, seen } of sweepAgainAndAgain(fleet, times, {
            reached: null,
            carried: null,
          })) {
            looks.push(seen);
            const looksSince = looks.slice(rounds.at(-1) ?? 0).reduce((sum, one) => sum + one, 0);
            if (complete === null) {
              expect(looksSince).toBeLessThan(2 * fleet.length);
              continue;
            }
            rounds.push(looks.length);
            expect(complete).toEqual(countsOf(fleet));
            const looksInAll = looks.reduce((sum, one) => sum + one, 0);
            expect(looksInAll).toBeGreaterThanOrEqual(rounds.length * fleet.length);
          }
          published += rounds.length;
        },
      ),
    );
    expect(published).toBeGreaterThan(50);
  });

  test('The numbers of all targets are not known while the run before did not leave its own', () => {
    const fleet = [aFindingOf('drift'), aFindingOf('ok'), aFindingOf('ok')];
    const [first, second, third] = sweepAgainAndAgain(fleet, [2, 2, 2], { reached: '000', carried: null });

    expect(first?.complete).toBeNull();
    expect(second?.complete).toBeNull();
    expect(third?.complete).toMatchObject({ drift: 1 });
  });
});

const aFindingOf = (condition: Condition): CountedFinding => ({
  finding: { condition, daysToExpiry: 40 },
  status: { due: { rollout: null } },
});
