// PushBundle, RollBack and the function that runs the agent, with the real engine and a strict ACM.
import { ACMClient } from '@aws-sdk/client-acm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAcmConnector } from '../../agent-scripts/stores/acm/connector.ts';
import { performStoreJob } from '../../agent-scripts/stores/perform-store-job.ts';
import type { StoreJob } from '../../agent-scripts/stores/store-run.ts';
import { type AnyStoreConnector, storeConnectors } from '../../agent-scripts/stores/stores.ts';
import { summaryLines } from '../../cli/render/summary.ts';
import type { FinishedDeployment } from '../../cli/report/deployment-report.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as runAgent } from '../../lambdas/handlers/events/run-agent.ts';
import { clientFor } from '../fakes/scripted-service.ts';
import { exportedSource, secretSource } from '../fakes/versioned-sources.ts';
import { useFunctionRuns } from '../fixtures/function-runs.ts';
import {
  type AcmDeployments,
  allItems,
  linesOf,
  type Perform,
  useAcmDeployments,
} from '../rigs/acm-deployments.ts';

let deployments: AcmDeployments;
useAcmDeployments((started) => {
  deployments = started;
});
const { events, servicesOf } = useFunctionRuns();

beforeAll(() => {
  const connector = createAcmConnector({
    client: () => new ACMClient(clientFor({ ...deployments.acm, close: async () => undefined })),
    sleep: async (_, deadline) => deadline.throwIfAborted(),
  });
  storeConnectors.set('acm', Promise.resolve(connector as unknown as AnyStoreConnector));
});
afterAll(() => storeConnectors.delete('acm'));

let tokens = 0;

/** Calls the handler, then the function that it invokes. */
const perform: Perform = async (state, deployment) => {
  const { world, tables } = deployments;
  const services = {
    ...deployments.servicesOf('kept'),
    ...servicesOf(world, tables),
    probe: () => Promise.reject(new Error('no endpoint is probed')),
  };
  const { previousBundles } = services;
  const by = {
    ...services,
    perform: (home: Parameters<typeof performStoreJob>[0], job: Omit<StoreJob, 'previous' | 'fenceStep'>) => {
      const { id: targetId, certificate } = job.target;
      const previous = previousBundles({ targetId, certificate });
      return performStoreJob(home, { ...job, previous, fenceStep: 1000 });
    },
  };
  const taskToken = `token-${++tokens}`;
  const send = state === 'PushBundle' ? pushBundle : rollBack;
  await send(by as never)({ deployment, taskToken });
  for (const event of events.splice(0)) await runAgent(by as never)(event);
  return world.executions.outputOf(taskToken) as Awaited<ReturnType<Perform>>;
};

async function expectNoKey(...bundles: readonly Bundle[]): Promise<void> {
  const stored = await allItems(deployments.tables);
  expect(stored).toContain('agent#');
  expect(stored).not.toContain('PRIVATE KEY');
  for (const line of bundles.flatMap(linesOf)) expect(stored).not.toContain(line);
}

test('The function renews a certificate in ACM, and reverses it and rolls it back with the previous version of the secret', async () => {
  const target = await deployments.aTarget({ id: 'alb-secret', host: 'lambda', source: secretSource });
  const first = target.installed();
  deployments.sources.put(secretSource, first);
  const second = await target.issue();

  expect(await target.deploy(perform, { undo: true })).toMatchObject({ outcome: 'rolled_back' });
  expect(target.installed()).toEqual(first);
  expect(await target.deploy(perform)).toMatchObject({ outcome: 'deployed_unverified', warnings: [] });
  expect(target.installed()).toEqual(second);
  expect(await target.rollBack(perform)).toMatchObject({ outcome: 'deployed_unverified' });
  expect(target.installed()).toEqual(first);
  expect(await allItems(deployments.tables)).not.toContain('kept#alb-secret');
  await expectNoKey(first, second);
});

test('The function rolls back with a kept copy if the source keeps no earlier version, and no table has a key', async () => {
  const target = await deployments.aTarget({
    ...{ id: 'alb-exported', host: 'lambda', source: exportedSource },
    config: { allowIrreversible: true },
  });
  const first = await target.issue();
  await target.deploy(perform);
  const second = await target.issue();
  expect(await target.deploy(perform)).toMatchObject({ outcome: 'deployed_unverified', warnings: [] });
  expect(target.installed()).toEqual(second);

  expect(await target.rollBack(perform)).toMatchObject({ outcome: 'deployed_unverified' });

  expect(target.installed()).toEqual(first);
  expect(await allItems(deployments.tables)).toContain('kept#alb-exported');
  await expectNoKey(first, second);
});

describe('a first renewal whose previous version no source has', () => {
  const text =
    /A rollback of ACM certificate arn:\S+ would fail: no source has the key of sha256:\S+ any more\. Nothing was changed\. To deploy without a possible rollback, set allowIrreversible: true\./;

  test('A first renewal without a previous version is refused before the change, also in a dry run, and history and command line show why', async () => {
    const id = 'alb-first';
    const target = await deployments.aTarget({ id, host: 'lambda', source: exportedSource });
    const before = target.installed();
    await target.issue();

    const checked = await target.deploy(perform, { action: 'validate' });
    const refused = await target.deploy(perform);

    for (const output of [checked, refused])
      expect(output).toMatchObject({ outcome: 'rejected', reason: 'Irreversible' });
    expect(target.installed()).toEqual(before);
    const [recorded] = await deployments.world.history.list({ targetId: id });
    expect(recorded?.summary).toMatch(text);
    const shown = summaryLines(
      [{ target: { id }, output: refused, events: [] } as unknown as FinishedDeployment],
      { colours: plainColours, width: 80 },
      (words) => words,
    );
    expect(shown.map((line) => line.trim()).join(' ')).toMatch(text);
  });

  test('With allowIrreversible, a first renewal without a previous version is deployed with a warning', async () => {
    const options = { id: 'alb-allowed', host: 'lambda', source: exportedSource };
    const target = await deployments.aTarget({ ...options, config: { allowIrreversible: true } });
    const next = await target.issue();

    expect(await target.deploy(perform)).toMatchObject({
      outcome: 'deployed_unverified',
      warnings: [expect.stringMatching(/^This deployment cannot be rolled back: no source has the key of /)],
    });
    expect(target.installed()).toEqual(next);
  });
});
