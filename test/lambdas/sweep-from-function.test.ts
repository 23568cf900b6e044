import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Verify } from '../../core/targets/verify.ts';
import { performRun, type RunServices } from '../../lambdas/agent-runs/perform-run.ts';
import { openHostInspections } from '../../lambdas/drift/inspect-from-hosts.ts';
import { fakeSendRate } from '../fakes/send-rate.ts';
import { facts } from '../fixtures/factories.ts';
import { useFunctionRuns } from '../fixtures/function-runs.ts';
import { type Tables, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let tables: Tables;
useWorld((made, its) => {
  world = made;
  tables = its;
});
const { events, servicesOf } = useFunctionRuns();

/** A port of loopback that nothing listens on. */
const verify = Verify.parse({ endpoint: '127.0.0.1:1', serverName: 'api.example.com', timeoutSeconds: 1 });

const request = (targetId: string) => ({ targetId, host: 'lambda', verify, version: facts('new') });

test('The drift sweep lets the function probe targets with host lambda and probeFrom host, eight in each run', async () => {
  const by = servicesOf(world, tables);
  const inspect = openHostInspections(
    {
      ...by,
      hostLocks: { read: () => Promise.reject(new Error('the function has no lock')) },
      sendRate: { ...fakeSendRate(), waitForSlot: () => Promise.reject(new Error('runs have no rate')) },
      reachable: { unreachableReason: async () => null },
      clock: world.clock,
      async sleep() {
        await runAll();
        await pause(5);
      },
    },
    new Date(world.clock.now().getTime() + 600_000),
  );
  async function runAll(): Promise<void> {
    for (const { runId } of events.splice(0)) {
      const run = await by.runs.start(runId);
      if (run === null) continue;
      runs += 1;
      const services = { ...by, clock: world.clock } as unknown as RunServices;
      await by.runs.end(runId, await performRun(services, run));
    }
  }
  let runs = 0;

  const results = inspect(Array.from({ length: 9 }, (_, at) => request(`store-${at}`)));

  const [first] = await Promise.all(results.values());
  expect(first).toMatchObject({
    inspections: [{ address: '127.0.0.1:1', problem: expect.stringContaining('refused') }],
  });
  expect(runs).toBe(2);
});
