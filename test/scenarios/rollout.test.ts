// One fault for each scenario of a rollout, and the path that the graph takes. Files and functions are the real ones; the
// Distributed Map and S3 are those of local mode. The hosts are simulated (simulated-fleet.ts), without agents or daemons.
import { describe, expect, test } from 'vitest';
import { expectTaken } from './expect-taken.ts';
import { finished, halt, scenarios, waves } from './rollout-scenarios.ts';
import { type Run, useFleet } from './simulated-fleet.ts';

const openFleet = useFleet();

const pathOf = ({ events }: Run) =>
  events
    .filter(({ type }) => type === 'StateEntered')
    .map(({ state }) => state?.name)
    .join(' ');

describe('rollout, when', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(name, async () => {
      const fleet = await openFleet(scenario.targets ?? 2);

      const run = await fleet.run(scenario);

      expect(pathOf(run)).toBe(scenario.path);
      expect(run.end.output?.outcome ?? 'unrecorded').toBe(scenario.outcome);
      if (scenario.counts !== undefined) expect(run.end.output?.counts).toEqual(scenario.counts);
      expect(fleet.having('new')).toEqual(scenario.updated);
      // the event of a failed execution releases its lock a moment after the end
      await expect.poll(() => fleet.lockedTargets()).toEqual([]);
      expectTaken('rollout', name, [...run.events, ...run.children]);
      expectTaken('deploy-target', `rollout: ${name}`, run.children);
    });
  }

  test('a halted rollout is resumed and deploys only the remaining targets', async () => {
    const fleet = await openFleet(4);
    const halted = await fleet.run({ strategy: { waves: [1, '50%', '100%'] }, fails: [1] });
    const firstInstalled = fleet.everInstalled();

    const resumed = await fleet.resume(halted.end.id);

    expect(halted.end.output?.outcome).toBe('halted');
    expect(pathOf(resumed)).toBe(`RolloutHalted ${waves(2)} ${finished}`);
    expect(resumed.end.output?.outcome).toBe('finished');
    expect(fleet.having('new')).toEqual([0, 1, 2, 3]);
    expect(firstInstalled).toEqual([0]);
    expect(fleet.everInstalled()).toEqual([0, 1, 2, 3]);
    expectTaken(
      'rollout',
      'a halted rollout is resumed and deploys only the remaining targets',
      resumed.events,
    );
  });

  test('a service is stale and no target is left after a resume', async () => {
    const fleet = await openFleet(1);
    const halted = await fleet.run({ service: 'outdated' });

    const resumed = await fleet.resume(halted.end.id);

    const probes = 'ProbeServices WaveOutcome? BackOffServices ProbeServices WaveOutcome?';
    expect(pathOf(resumed)).toBe(`RolloutHalted NextWave WaveReady? ${probes} ${halt}`);
    expect(resumed.end.output).toMatchObject({ outcome: 'halted' });
    expect(fleet.having('new')).toEqual([0]);
    expectTaken('rollout', 'a service is stale and no target is left after a resume', resumed.events);
  });
});
