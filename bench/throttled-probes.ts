/** Deployments that a throttled probe reverses, with the states of version 0.1 and with those of the file. */
import { readStates, simulateThrottling, statesBefore } from './capacity-model/throttled-probes.ts';

const states = readStates();
for (const [name, policy] of [
  ['before', statesBefore(states)],
  ['now', states],
] as const) {
  for (const atOnce of [5, 20, 50]) {
    const fleet = { deployments: 2000, functions: 10, probeSeconds: 3, seed: 1, atOnce };
    const ends = simulateThrottling(policy, fleet);
    console.log(
      `${name}, maxConcurrency ${atOnce}: ${JSON.stringify(ends)}; rolled back: ${ends.RollBack ?? 0}`,
    );
  }
}
