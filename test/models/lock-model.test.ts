import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Beginning, play } from './lock/story.ts';

const interleavings = 10_000;

const beginnings: fc.Arbitrary<Beginning> = fc.record({
  kind: fc.constantFrom('operator', 'dryRun', 'older', 'newer'),
  target: fc.integer({ min: 0, max: 2 }),
  skewMinutes: fc.constantFrom(-60, 0, 60),
});

const inputs = fc.record({
  seed: fc.integer(),
  hosts: fc.integer({ min: 1, max: 2 }),
  beginnings: fc.array(beginnings, { minLength: 2, maxLength: 6 }),
});

describe('locks, in any interleaving of acquisitions, crashes, takeovers, redrives and late commands', () => {
  test('Two executions never hold a lock that a host would obey, fences only grow, and all locks end free, in any interleaving', {
    timeout: 3_600_000,
  }, async () => {
    const totals: Record<string, number> = { interleavings: 0 };
    const add = (what: string, count: number) => {
      totals[what] = (totals[what] ?? 0) + count;
    };

    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const by = await play(input);

        expect([...by.problems, ...by.watch.problems, ...by.hosts.problems]).toEqual([]);
        add('interleavings', 1);
        add('calls', by.interleaver.calls);
        add('mishaps', by.interleaver.mishaps);
        add('executions', by.runs.length);
        for (const [what, count] of Object.entries({ ...by.watch.counts, ...by.counts })) add(what, count);
        add('commands obeyed', by.hosts.obeyed);
        add('late commands refused', by.hosts.refused);
      }),
      { numRuns: interleavings },
    );

    console.info(totals);
    expect(totals.interleavings).toBe(interleavings);
    expect(totals.takenOver).toBeGreaterThan(1000);
    expect(totals['late commands refused']).toBeGreaterThan(100);
  });
});
