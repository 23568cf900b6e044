// Hosts are simulated (rollout/model-hosts.ts): they obey fences, receipts and journals as the agent does.
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { play, type StoryInput, storyEvents } from './rollout/story.ts';
import { makeVersions, type Versions } from './rollout/versions.ts';

// transactions retry without a pause, so that a seed always gives the same story
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async () => undefined,
}));

// thousands of stories would log the same lines
vi.mock('../../services/logger.ts', () => ({
  logger: { info: () => undefined, error: () => undefined },
}));

/** The number of new random stories. Without it, the same stories run each time. */
const requestedStories = process.env.CERTFERRY_ROLLOUT_STORIES;
const stories = Number(requestedStories ?? 500);
const sameEachTime = 20_261_122;

const inputs: fc.Arbitrary<StoryInput> = fc.record({
  seed: fc.integer(),
  targets: fc.integer({ min: 1, max: 6 }),
  hosts: fc.integer({ min: 1, max: 6 }),
  bare: fc.constantFrom(0, 15),
  services: fc.boolean(),
  renews: fc.boolean(),
  trouble: fc.constantFrom(0, 10, 30, 60),
  strategy: fc.record({
    ...{ waves: fc.constantFrom([1, '100%'], [1, '100%'], [1, '50%', '100%'], [1, 2, 3, 4, '100%']) },
    maxConcurrency: fc.constantFrom(1, 2, 50),
    toleratedFailures: fc.constantFrom(0, 1, '50%', '100%'),
    approvalAfterWave: fc.constantFrom(0, 0, 1),
    onHalt: fc.constantFrom('stop', 'rollback', 'rollback'),
    onStaleService: fc.constantFrom('halt', 'report'),
  }),
  storyEvents: fc.array(fc.constantFrom(...storyEvents), { maxLength: 6 }),
}) as fc.Arbitrary<StoryInput>;

let versions: Versions;
beforeAll(async () => {
  versions = await makeVersions(10);
});

/** Runs one story and logs every step: the JSON of an input, as in a counterexample. */
const singleStory = process.env.CERTFERRY_ROLLOUT_STORY;

describe('rollouts in any interleaving of events', () => {
  test('Rollouts end or can be resumed in any interleaving of events, and the records match the hosts', {
    timeout: 36_000_000,
  }, async () => {
    const totals: Record<string, number> = { stories: 0 };
    const add = (what: string, count: number) => {
      totals[what] = (totals[what] ?? 0) + count;
    };

    if (singleStory !== undefined) {
      const world = await play(JSON.parse(singleStory) as StoryInput, versions, (line) => console.log(line));
      expect(world.problems).toEqual([]);
    }
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const world = await play(input, versions);

        expect([...world.problems, ...world.observer.locks.problems, ...world.hosts.problems]).toEqual([]);
        add('stories', 1);
        add('calls', world.interleaver.calls);
        for (const [what, count] of Object.entries({ ...world.counts, ...world.hosts.counts }))
          add(what, count);
      }),
      {
        numRuns: singleStory === undefined ? stories : 0,
        ...(requestedStories === undefined && { seed: sameEachTime }),
      },
    );

    console.info(totals);
  });
});
