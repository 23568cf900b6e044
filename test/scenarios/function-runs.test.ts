// The graph as it is deployed, with the real functions in this process and a target with host lambda. The agent is a model: it
// has the records that `performStoreJob` has, but no store. Its own tests show what the agent does to a store.
import '../fixtures/memory-kind.ts';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import type { StoreHome } from '../../agent-scripts/stores/store-home.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { PerformedJob } from '../../lambdas/agent-runs/perform-run.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcile } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as runAgent } from '../../lambdas/handlers/events/run-agent.ts';
import { FinalState } from '../../lambdas/recording/deployment-outcome.ts';
import { openObjects } from '../../local/aws/objects.ts';
import { type Executions, openExecutions } from '../../local/step-functions/executions.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { facts, rawRequest } from '../fixtures/factories.ts';
import { useFunctionRuns } from '../fixtures/function-runs.ts';
import { type Tables, useWorld, type World } from '../fixtures/world.ts';
import { scratch } from '../local/scratch.ts';
import { quickMachine } from './faults.ts';

let world: World;
let tables: Tables;
useWorld((made, its) => {
  world = made;
  tables = its;
});
const { events, servicesOf } = useFunctionRuns();

/** How a run goes wrong, in the order of the runs. A run without an entry goes well. */
type Fault =
  | 'dies before the change'
  | 'dies after the change'
  | 'is delivered twice'
  | 'loses its completion'
  | 'returns late'
  | 'restores at once';

let faults: (Fault | undefined)[];
let changes: string[];
beforeEach(() => {
  faults = [];
  changes = [];
  events.length = 0;
});

/** Never settles: what awaits it has died. */
const death = () => new Promise<never>(() => undefined);

/** An agent that remembers in its records what it has done, and returns that to a repeated job. */
async function agent(
  home: StoreHome,
  { header, target }: PerformedJob,
  fault: Fault | undefined,
): Promise<AgentLine> {
  const { action, deploymentId, targetId, fence } = header;
  const line = (fields: Pick<AgentLine, 'outcome' | 'summary'> & Partial<AgentLine>) =>
    agentLine({ deploymentId, targetId, ...fields });
  const done = (await home.receipts()).find((receipt) => receipt.line.deploymentId === deploymentId);
  if (action === 'inspect')
    return done?.line ?? line({ outcome: 'rejected', summary: 'not performed', reason: 'NotPerformed' });
  if (fault === 'dies before the change') return death();
  if (action === 'deploy' && done !== undefined) return done.line;
  await home.writeFence(fence);
  changes.push(`${action} ${target.id}`);
  if (fault === 'restores at once') return line({ outcome: 'restored', summary: 'restored' });
  const result =
    action === 'undo'
      ? line({ outcome: 'restored', summary: 'restored' })
      : line({ outcome: 'applied', summary: 'installed', version: facts('new') });
  const receipt = {
    v: 1,
    line: result,
    fence,
    change: null,
    undone: false,
    replacedDeployment: null,
  } as const;
  await home.writeReceipt({ ...receipt, origin: deploymentId });
  if (fault === 'returns late') await sleep(stateTimeout * 1500);
  return fault === 'dies after the change' ? death() : result;
}

/**
 * Seconds. A state whose run does not answer waits this long instead of 15 minutes. The clock of the services moves on by 15
 * minutes then.
 */
const stateTimeout = 3;

interface Machine {
  run(request: object): Promise<{ readonly outcome: unknown; readonly states: string[] }>;
}

/** `lateState`: the state whose run does not answer. */
function aMachine(lateState?: string): Machine {
  let executions: Executions | null = null;
  let outcome: string | null = null;
  const completing = { loses: false };
  const services = () => ({
    ...world,
    ...servicesOf(world, tables),
    sources: sourcesOf(),
    probe: async () => [],
    executions: {
      ...world.executions,
      status: async () => 'running' as const,
      async complete(taskToken: string, output: unknown) {
        if (completing.loses) return true;
        return completed(() => executions?.tokens.succeed(taskToken, JSON.parse(JSON.stringify(output))));
      },
      fail: async (taskToken: string, { name, message }: { name: string; message: string }) =>
        completed(() => executions?.tokens.fail(taskToken, name, message)),
    },
  });
  const perform = (fault: Fault | undefined) => (home: StoreHome, job: PerformedJob) =>
    agent(home, job, fault);
  /** What Lambda does after it has accepted an event. */
  async function deliverEvents(): Promise<void> {
    for (const event of events.splice(0)) {
      const fault = faults.shift();
      completing.loses = fault === 'loses its completion';
      const run = () => runAgent({ ...services(), perform: perform(fault) })(event);
      const runs = fault === 'is delivered twice' ? Promise.all([run(), run()]) : run();
      if (fault === 'loses its completion') await runs;
      completing.loses = false;
    }
  }
  const functions: Readonly<Record<string, (event: never) => Promise<unknown>>> = {
    'acquire-lock': (event) => acquireLock(services())(event),
    'push-bundle': (event) => pushBundle(services())(event),
    async 'reconcile-command'(event) {
      world.clock.forward(900_000);
      return reconcile(services())(event);
    },
    async 'roll-back'(event) {
      world.clock.forward(900_000);
      return rollBack(services())(event);
    },
    async 'record-outcome'(event: Parameters<ReturnType<typeof recordOutcome>>[0]) {
      const recorded = await recordOutcome(services())({ ...event, state: FinalState.parse(event.state) });
      outcome = recorded.outcome;
      return recorded;
    },
  };
  const folder = scratch();
  executions = openExecutions({
    machines: {
      'deploy-target': quickMachine(
        lateState === undefined ? {} : { [lateState]: { TimeoutSeconds: stateTimeout } },
      ),
    },
    folder: join(folder, 'executions'),
    objects: openObjects(join(folder, 'objects')),
    onEnded: async () => undefined,
    async invoke(name, payload) {
      const result = await functions[name]?.(payload as never);
      // the answer of the function goes out first
      setImmediate(() => void deliverEvents());
      return result;
    },
  });
  return {
    async run(request) {
      const states: string[] = [];
      await executions.run('deploy-1', request, (event) => {
        if (event.type === 'StateEntered') states.push(String(event.state?.name));
      });
      await executions.close();
      return { outcome, states };
    },
  };
}

function completed(complete: () => unknown): boolean {
  try {
    complete();
    return true;
  } catch {
    return false;
  }
}

const request = () =>
  rawRequest({
    target: {
      host: 'lambda',
      kind: 'memory',
      config: { entry: 'api', token: { secretId: 'stores/token' } },
      verify: 'none',
    },
  });

test('A deployment by a function takes the states of one by a host', async () => {
  const { outcome, states } = await aMachine().run(request());

  expect(outcome).toBe('deployed_unverified');
  expect(states).toEqual(['AcquireLock', 'PushBundle', 'PushOutcome?', 'CommitDeployment', 'Deployed']);
  expect(changes).toHaveLength(1);
});

test.each<[Fault, string, string, number]>([
  ['dies before the change', 'is reconciled, and was not performed', 'rejected', 0],
  ['dies after the change', 'is reconciled, and was installed', 'deployed_unverified', 1],
  ['loses its completion', 'is reconciled with the result of its run', 'deployed_unverified', 1],
  ['returns late', 'is reconciled, and the late result changes nothing', 'deployed_unverified', 1],
])('A deployment whose run %s %s', async (fault, _, outcome, changed) => {
  faults = [fault];

  const ended = await aMachine('PushBundle').run(request());

  expect(ended.outcome).toBe(outcome);
  expect(ended.states).toContain('ReconcileCommand');
  expect(changes).toHaveLength(changed);
});

test('A rollback whose run dies is started again by the retry of its state', async () => {
  faults = ['restores at once', 'dies before the change'];

  const ended = await aMachine('RollBack').run(request());

  expect(ended.outcome).toBe('rolled_back');
  expect(ended.states).toContain('RollBack');
  expect(changes.map((change) => change.split(' ')[0])).toEqual(['deploy', 'undo']);
});

test('A deployment whose event is delivered twice changes the store once', async () => {
  faults = ['is delivered twice'];

  const ended = await aMachine().run(request());

  expect(ended.outcome).toBe('deployed_unverified');
  expect(ended.states).not.toContain('ReconcileCommand');
  expect(changes).toHaveLength(1);
});
