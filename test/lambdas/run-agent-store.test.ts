// PushBundle, the function and the real agent with a store in memory. The kind must be in the table before anything reads it.
import '../fixtures/memory-kind.ts';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { performStoreJob } from '../../agent-scripts/stores/perform-store-job.ts';
import { storeConnectors } from '../../agent-scripts/stores/stores.ts';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { createHandler as probeFromHost } from '../../lambdas/handlers/deploy-target/probe-from-host.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as runAgent } from '../../lambdas/handlers/events/run-agent.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { memoryConnector, memoryService } from '../fakes/memory-store.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { facts, heldDeployment, source } from '../fixtures/factories.ts';
import { useFunctionRuns } from '../fixtures/function-runs.ts';
import { type Tables, tableNames, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let tables: Tables;
useWorld((made, its) => {
  world = made;
  tables = its;
});
const { events, servicesOf } = useFunctionRuns();

const token = 'a-token-of-the-store';

let service: ReturnType<typeof memoryService>;
beforeEach(() => {
  // the agent compares the expiry of a job with the clock of its machine
  world.clock.set(new Date().toISOString());
  service = memoryService();
  // the only one that the store accepts
  world.credentials.values = { token };
  storeConnectors.set('memory', Promise.resolve(memoryConnector(service, null)));
});

const services = (bundle: Bundle) => ({
  ...world,
  ...servicesOf(world, tables),
  sources: sourcesOf(bundle),
  probe: async () => [{ address: '10.0.0.7:443', fingerprint: null, ok: false, problem: 'refused' }],
  perform: (home: Parameters<typeof performStoreJob>[0], job: object) =>
    performStoreJob(home, { ...job, previous: { find: async () => null }, fenceStep: 1000 } as never),
});

async function aDeployment(bundle: Bundle, targetId: string, verify: unknown = 'none'): Promise<Deployment> {
  const { fingerprint = '' } = factsOfPem(bundle.leaf) ?? {};
  return heldDeployment(world, {
    target: {
      id: targetId,
      host: 'lambda',
      kind: 'memory',
      config: { entry: 'api', token: { secretId: 'stores/token' } },
      verify,
    },
    version: { fingerprint, source },
  });
}

async function perform(
  send: typeof pushBundle | typeof rollBack,
  deployment: Deployment,
  { bundle, taskToken }: { readonly bundle: Bundle; readonly taskToken: string },
): Promise<unknown> {
  await send(services(bundle))({ deployment, taskToken });
  for (const event of events.splice(0)) await runAgent(services(bundle))(event);
  return world.executions.outputOf(taskToken);
}

test('The function installs a version in a store and reverses it, and no table contains a secret', async () => {
  const [first, second] = [bundleOf(await aVersion()), bundleOf(await aVersion())];
  service.write('api', first);
  const deployment = await aDeployment(second, 'store-in-memory');

  expect(await perform(pushBundle, deployment, { bundle: second, taskToken: 't1' })).toMatchObject({
    outcome: 'applied',
    previousVersion: { fingerprint: factsOfPem(first.leaf)?.fingerprint },
  });
  expect(service.entries.get('api')?.bundle).toEqual(second);
  expect(await perform(rollBack, deployment, { bundle: second, taskToken: 't2' })).toMatchObject({
    outcome: 'restored',
  });
  expect(service.entries.get('api')?.bundle).toEqual(first);

  const items = await Promise.all(
    Object.values(tableNames).map((TableName) => tables.documents.send(new ScanCommand({ TableName }))),
  );
  const stored = JSON.stringify([items, world.executions.completions]);
  expect(stored).toContain('agent#store-in-memory');
  expect(stored).not.toContain(token);
  expect(stored).not.toContain('PRIVATE KEY');
});

test('A deployment that is repeated gets the result of its receipt, and the store is changed once', async () => {
  const bundle = bundleOf(await aVersion());
  const deployment = await aDeployment(bundle, 'store-repeated');
  await perform(pushBundle, deployment, { bundle, taskToken: 't1' });
  const { changing } = service.requests();
  const { commandId } = (await world.locks.read(deployment.target.id)).pending ?? {};
  await world.pending.forget((await world.pending.find(commandId ?? '')) as never);

  expect(await perform(pushBundle, deployment, { bundle, taskToken: 't2' })).toMatchObject({
    outcome: 'applied',
  });
  expect(service.requests().changing).toBe(changing);
});

test('The function probes the endpoint if the target has probeFrom host', async () => {
  const bundle = bundleOf(await aVersion());
  const verify = { endpoint: '10.0.0.7:443', probeFrom: 'host', attempts: 1 };
  const deployment = await aDeployment(bundle, 'store-probed', verify);
  const by = services(bundle);

  await probeFromHost(by)({ deployment, taskToken: 't1', version: facts('new'), attempt: 0 });
  for (const event of events.splice(0)) await runAgent(by)(event);

  expect(world.executions.outputOf('t1')).toMatchObject({
    verdict: 'exhausted',
    observations: [{ address: '10.0.0.7:443', problem: 'refused' }],
  });
  expect(service.requests().all).toBe(0);
});

test('A run of a job that this version cannot read ends without a result', async () => {
  const by = services(bundleOf(await aVersion()));
  const runId = await by.commands.send({ host: 'lambda', job: '{"job":"other"}', comment: 'c' });

  await runAgent(by)({ runId });

  expect(await by.commands.readInvocation(runId, 'lambda')).toMatchObject({ status: 'Failed' });
});
