// The memory kind must be in the table before anything reads it.
import '../fixtures/memory-kind.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { StoreHome } from '../../agent-scripts/stores/store-home.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { PerformedJob } from '../../lambdas/agent-runs/perform-run.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcile } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as runAgent } from '../../lambdas/handlers/events/run-agent.ts';
import { aBundle, sourcesOf } from '../fixtures/bundle.ts';
import { heldDeployment } from '../fixtures/factories.ts';
import { useFunctionRuns } from '../fixtures/function-runs.ts';
import { type Tables, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let tables: Tables;
useWorld((made, its) => {
  world = made;
  tables = its;
});
const { events, servicesOf } = useFunctionRuns();

let performed: PerformedJob[];
/** What the agent does; a test may replace it. */
let agent: (home: StoreHome, job: PerformedJob) => Promise<AgentLine>;
beforeEach(() => {
  performed = [];
  events.length = 0;
  agent = async (_, job) => lineFor(job, { outcome: 'applied', summary: 'installed' });
});

const lineFor = (
  { header }: PerformedJob,
  fields: Pick<AgentLine, 'outcome' | 'summary'> & Partial<AgentLine>,
) => agentLine({ deploymentId: header.deploymentId, targetId: header.targetId, ...fields });

const services = (sources = sourcesOf()) => ({
  ...world,
  ...servicesOf(world, tables),
  sources,
  probe: async () => [{ address: '10.0.0.7:443', fingerprint: null, ok: false, problem: 'refused' }],
  perform: async (home: StoreHome, job: PerformedJob) => {
    performed.push(job);
    return agent(home, job);
  },
});

const storeTarget = (changes: object = {}) => ({
  host: 'lambda',
  kind: 'memory',
  config: { entry: 'api', token: { secretId: 'stores/token' } },
  verify: 'none',
  ...changes,
});

const aDeployment = (overrides: object = {}) =>
  heldDeployment(world, { target: storeTarget(), ...overrides });

const push = (deployment: Deployment, taskToken = 't1') => pushBundle(services())({ deployment, taskToken });

/** Delivers the event of the last run, as Lambda does. */
const deliverEvent = (sources = sourcesOf()) =>
  runAgent(services(sources))(events.at(-1) ?? { runId: 'none' });

describe('a deployment to a target with host lambda', () => {
  test('PushBundle starts a run without reading the bundle or a credential, and the run completes the state', async () => {
    const deployment = await aDeployment();
    const sources = sourcesOf();
    await pushBundle(services(sources))({ deployment, taskToken: 't1' });
    expect(sources.asked).toBe(0);
    expect(world.executions.outputOf('t1')).toBeUndefined();

    await deliverEvent();

    expect(performed).toMatchObject([
      { target: { id: deployment.target.id }, bundle: aBundle, credentials: { token: 'token-SECRET' } },
    ]);
    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'applied', summary: 'installed' });
    expect(world.commands.sent).toEqual([]);
  });

  test('No lock of a host is taken, so that deployments to two targets do not wait for each other', async () => {
    await aDeployment();
    await aDeployment();

    expect((await world.hostLocks.read('lambda')).owner).toBeNull();
  });

  test('An event that Lambda delivers twice starts one run', async () => {
    await push(await aDeployment());

    await Promise.all([deliverEvent(), deliverEvent()]);
    await deliverEvent();

    expect(performed).toHaveLength(1);
  });

  test('A run that ends before its sender has stored the command is completed by the sender', async () => {
    const deployment = await aDeployment();
    const by = services();
    const { commands } = by;
    const early = {
      ...commands,
      async send(command: Parameters<typeof commands.send>[0]) {
        const runId = await commands.send(command);
        await runAgent(by)({ runId });
        return runId;
      },
    };

    await pushBundle({ ...by, commands: early })({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'applied' });
  });

  test('A retry of the state finds its run, starts no other, and the run completes the new token', async () => {
    const deployment = await aDeployment();
    await push(deployment, 't1');
    await push(deployment, 't2');
    expect(events).toHaveLength(1);

    await deliverEvent();

    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'applied' });
  });

  test('Warnings about the bundle precede those of the agent', async () => {
    agent = async (_, job) =>
      lineFor(job, { outcome: 'applied', summary: 'installed', warnings: ['of the agent'] });
    await push(await aDeployment());

    await deliverEvent(sourcesOf({ ...aBundle, warnings: ['about the bundle'] }));

    expect(world.executions.outputOf('t1')).toMatchObject({ warnings: ['about the bundle', 'of the agent'] });
  });
});

describe('a run that is refused', () => {
  test('A credential that cannot be read rejects the deployment, and the agent does not run', async () => {
    world.credentials.failNext();
    await push(await aDeployment());

    await deliverEvent();

    expect(performed).toEqual([]);
    expect(world.executions.outputOf('t1')).toMatchObject({
      outcome: 'rejected',
      reason: 'CredentialUnavailable',
    });
  });

  test('If an earlier run has accepted the deployment, a refusal does not show how it ended: the result is lost', async () => {
    agent = async (home, job) => {
      await home.writeFence(job.header.fence);
      return lineFor(job, { outcome: 'applied', summary: 'installed' });
    };
    const deployment = await aDeployment();
    await push(deployment);
    const [first] = events;
    // the answer of Lambda was lost: the state sends again
    await world.pending.forget((await world.pending.find(first?.runId ?? '')) as never);
    await push(deployment, 't2');
    await runAgent(services())(first ?? { runId: '' });
    world.credentials.failNext();

    await deliverEvent();

    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'lost' });
  });

  test('A second run waits until the first has released the records', async () => {
    const deployment = await aDeployment();
    const by = services();
    const held = await by.homes.take(deployment.target.id, 'run-other');
    await push(deployment);
    const sleep = async (milliseconds: number) => {
      await held?.release();
      return by.sleep(milliseconds);
    };

    await runAgent({ ...by, sleep })(events[0] ?? { runId: '' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'applied' });
  });

  test('If another run keeps the records, the deployment is rejected before it begins', async () => {
    const deployment = await aDeployment();
    await services().homes.take(deployment.target.id, 'run-other');
    await push(deployment);

    await deliverEvent();

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'HostBusy' });
    expect(performed).toEqual([]);
  });
});

describe('a run whose result is unknown', () => {
  test('A run that was replaced returns no result, whatever its agent reports', async () => {
    const deployment = await aDeployment();
    agent = async (home, job) => {
      world.clock.forward((timeBudgets.agentFunction + 1) * 1000);
      await services().homes.take(deployment.target.id, 'run-next');
      await home.writeFence(job.header.fence).catch(() => undefined);
      return lineFor(job, { outcome: 'applied', summary: 'not true' });
    };
    await push(deployment);

    await deliverEvent();

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'lost', reason: 'HostLost' });
  });

  test('An error of a library ends the run without a result and without the text of the error', async () => {
    agent = async () => {
      throw new TypeError('token-SECRET is not a function');
    };
    await push(await aDeployment());

    await deliverEvent();

    const output = world.executions.outputOf('t1');
    expect(output).toMatchObject({ outcome: 'lost', summary: expect.stringContaining('TypeError') });
    expect(JSON.stringify(output)).not.toContain('SECRET');
  });

  test('After a function died, ReconcileCommand asks a new run how the deployment ended', async () => {
    const deployment = await aDeployment();
    await push(deployment);
    const by = services();
    const died = await by.runs.start(events[0]?.runId ?? '');
    await by.homes.take(deployment.target.id, died?.runId ?? '');
    world.clock.forward(900_000);
    agent = async (_, job) =>
      lineFor(job, { outcome: 'rejected', summary: 'not performed', reason: 'NotPerformed' });

    await reconcile(by)({ deployment, taskToken: 't2' });
    await deliverEvent();

    expect(performed).toMatchObject([{ header: { action: 'inspect' }, bundle: null }]);
    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'rejected', reason: 'NotPerformed' });
  });

  test('If only the completion was lost, ReconcileCommand finds the result of the run and starts no other', async () => {
    const deployment = await aDeployment();
    await push(deployment);
    const by = services();
    const { runId = '' } = events[0] ?? {};
    await by.runs.start(runId);
    const line = agentLine({
      deploymentId: deployment.id,
      targetId: deployment.target.id,
      outcome: 'applied',
      summary: 'installed',
    });
    await by.runs.end(runId, { output: JSON.stringify(line), errors: '' });

    await reconcile(by)({ deployment, taskToken: 't2' });

    expect(events).toHaveLength(1);
    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'applied' });
  });

  test('A run that completes late, after the reconciliation, changes nothing', async () => {
    const deployment = await aDeployment();
    await push(deployment);
    const [late] = events;
    const by = services();
    agent = async (_, job) => {
      await reconcile(by)({ deployment, taskToken: 't2' });
      return lineFor(job, { outcome: 'applied', summary: 'late' });
    };
    await runAgent(by)(late ?? { runId: '' });
    expect(world.executions.outputOf('t2')).toBeUndefined();
    agent = async (_, job) => lineFor(job, { outcome: 'applied', summary: 'from the receipt' });

    await deliverEvent();

    expect(world.executions.outputOf('t2')).toMatchObject({ summary: 'from the receipt' });
  });

  test('An undo run without a result fails the state, whose retry starts another run', async () => {
    const deployment = await aDeployment();
    await rollBack(services())({ deployment, taskToken: 't1' });
    world.credentials.failNext();
    await deliverEvent();
    expect(world.executions.failures).toMatchObject([{ taskToken: 't1', name: 'HostLost' }]);

    agent = async (_, job) => lineFor(job, { outcome: 'restored', summary: 'restored' });
    await rollBack(services())({ deployment, taskToken: 't2' });
    await deliverEvent();

    expect(events).toHaveLength(2);
    expect(performed).toMatchObject([{ header: { action: 'undo' } }]);
    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'restored' });
  });
});
