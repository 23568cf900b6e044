import { Metrics } from '@aws-lambda-powertools/metrics';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeploymentState } from '../../core/deployment/deployment.ts';
import { installationDigest } from '../../core/targets/installation-digest.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as releaseLock } from '../../lambdas/handlers/events/release-lock.ts';
import { FinalState, type RecordingPath } from '../../lambdas/recording/deployment-outcome.ts';
import type { HistoryQuery } from '../../services/history/history.ts';
import { createDeploymentMetrics } from '../../services/notify/deployment-metrics.ts';
import { aBegunRollout } from '../fixtures/begun-rollout.ts';
import { anExecution, aTargetId, facts, fingerprint, rawRequest } from '../fixtures/factories.ts';
import { pushResult } from '../fixtures/results.ts';
import { tableNames, useWorld, type World } from '../fixtures/world.ts';

let documents: DynamoDBDocumentClient;
let world: World;
useWorld((made, tables) => {
  world = made;
  documents = tables.documents;
});
afterEach(() => vi.restoreAllMocks());

interface Ending {
  readonly path: RecordingPath;
  readonly state?: Partial<DeploymentState>;
}
type Request = Parameters<typeof rawRequest>[0];

const applied = pushResult({ outcome: 'applied', version: facts('new'), previousVersion: facts('old') });
const undone = pushResult({ outcome: 'restored', version: facts('old') });
const away = { Error: 'CommandUndeliverable', Cause: 'its SSM Agent is ConnectionLost' };

async function deployed(target: { id: string }, { path, state = {} }: Ending, request: Request = {}) {
  const [execution, raw] = [anExecution(), rawRequest({ ...request, target })];
  const acquired = await acquireLock(world)({ execution, request: raw });
  const ended = { ...acquired, ...state };
  await recordOutcome(world)({ path, execution, request: raw, state: FinalState.parse(ended) });
  return execution;
}

async function installed(targetId: string) {
  const Key = { pk: `target#${targetId}`, sk: 'installed' };
  return (await documents.send(new GetCommand({ TableName: tableNames.registry, Key }))).Item;
}

const failures = async (rollout: string) => (await world.rollouts.control(rollout))?.failures;

describe('history', () => {
  test('History is listed by certificate and by rollout, the latest first', async () => {
    const [one, other] = [await aBegunRollout(world), await aBegunRollout(world)];
    const [first, second, third] = [{ id: aTargetId() }, { id: aTargetId() }, { id: aTargetId() }];
    await deployed(first, { path: 'committed', state: { push: applied } }, { rollout: one });
    await deployed(second, { path: 'committed', state: { push: applied } }, { rollout: one });
    await deployed(third, { path: 'committed', state: { push: applied } }, { rollout: other });
    const targetsOf = async (query: HistoryQuery) =>
      (await world.history.list({ ...query, limit: 1000 })).map(({ targetId }) => targetId);

    expect((await targetsOf({ rollout: one })).sort()).toEqual([first.id, second.id].sort());
    expect(await targetsOf({ rollout: other })).toEqual([third.id]);
    expect(await targetsOf({ certificate: 'api.example.com' })).toEqual(
      expect.arrayContaining([first.id, second.id, third.id]),
    );
    expect(await targetsOf({ certificate: 'other.example.com' })).toEqual([]);
    const started = (await world.history.list({ certificate: 'api.example.com' })).map(
      ({ startedAt }) => startedAt,
    );
    expect(started).toEqual(started.toSorted().toReversed());
  });
});

describe('what a target has, written with its outcome', () => {
  test('The recorded version of a target is the deployed one, with the facts from the host', async () => {
    const [target, rollout] = [{ id: aTargetId() }, await aBegunRollout(world)];

    const { name } = await deployed(target, { path: 'committed', state: { push: applied } }, { rollout });

    expect(await installed(target.id)).toEqual({
      ...{ pk: `target#${target.id}`, sk: 'installed', targetId: target.id, certificate: 'api.example.com' },
      ...{
        host: rawRequest({ target }).target.host,
        installation: installationDigest(rawRequest({ target }).target),
        fingerprint: fingerprint('new'),
        notAfter: 1_800_000_000,
      },
      ...{ version: facts('new'), outcome: 'deployed', deploymentId: name, rollout, fence: 1 },
      at: '2026-11-22T12:00:00.000Z',
    });
  });

  test('The recorded version of a target is the previous one after a rollback, with the rollout that installed it', async () => {
    const [target, rollout] = [{ id: aTargetId() }, await aBegunRollout(world)];
    await deployed(target, { path: 'committed', state: { push: applied } }, { rollout });

    await deployed(target, { path: 'rolled_back', state: { push: applied, rollback: undone } });

    expect(await installed(target.id)).toMatchObject({ fingerprint: fingerprint('old'), rollout, fence: 2 });

    await deployed(target, { path: 'rolled_back_unverified', state: { push: applied, rollback: undone } });

    expect(await installed(target.id)).toMatchObject({ fingerprint: fingerprint('old'), rollout, fence: 3 });
  });

  test.each<Ending>([
    { path: 'rolled_back', state: { push: applied, rollback: pushResult({ outcome: 'restored' }) } },
    { path: 'rollback_failed', state: { push: applied } },
    { path: 'lost', state: {} },
  ])('The recorded version of a target is unknown after $path', async (ending) => {
    const target = { id: aTargetId() };
    await deployed(target, { path: 'committed', state: { push: applied } });

    await deployed(target, ending.path === 'rolled_back' ? withoutBefore(ending) : ending);

    expect(await installed(target.id)).toMatchObject({ fingerprint: null, notAfter: null, fence: 2 });
  });

  test.each<[string, Ending, Request]>([
    ['the host refused', { path: 'failed', state: { push: pushResult({ outcome: 'validate_failed' }) } }, {}],
    ['the host was away and nothing was sent', { path: 'failed', state: { failure: away } }, {}],
    ['it was superseded', { path: 'superseded', state: {} }, {}],
    ['its rollout was halted', { path: 'skipped', state: {} }, {}],
    [
      'a dry run passed',
      { path: 'validated', state: { push: pushResult({ outcome: 'validated' }) } },
      { action: 'validate' },
    ],
    ['a dry run was lost', { path: 'lost', state: {} }, { action: 'validate' }],
  ])('The recorded version of a target is unchanged when %s', async (_, ending, request) => {
    const target = { id: aTargetId() };
    await deployed(target, { path: 'committed', state: { push: applied } });

    await deployed(target, ending, request);

    expect(await installed(target.id)).toMatchObject({ fingerprint: fingerprint('new'), fence: 1 });
  });

  test.each([
    [true, { fingerprint: null, outcome: 'lost', fence: 2 }],
    [false, { fingerprint: fingerprint('new'), outcome: 'deployed', fence: 1 }],
  ])(
    'The recorded version of a target is unknown when an execution broke off after it sent a job (%s)',
    async (hasSent, expected) => {
      const target = { id: aTargetId() };
      await deployed(target, { path: 'committed', state: { push: applied } });
      const [execution, request] = [anExecution(), rawRequest({ target })];
      await acquireLock(world)({ execution, request });
      const holding = { targetId: target.id, executionArn: execution.id, fence: 2 };
      if (hasSent) await world.pending.intend(holding, 'push');
      world.executions.ended.add(execution.id);

      const { id: executionArn, name } = execution;
      const detail = { executionArn, name, status: 'ABORTED', startDate: 0, input: JSON.stringify(request) };
      await releaseLock(world)({ detail });

      expect(await installed(target.id)).toMatchObject(expected);
    },
  );

  test('The recorded version of a target is unknown when the previous deployment broke off and the next one touched nothing', async () => {
    const target = { id: aTargetId() };
    await deployed(target, { path: 'committed', state: { push: applied } });
    const [brokenOff, raw] = [anExecution(), rawRequest({ target })];
    await acquireLock(world)({ execution: brokenOff, request: raw });
    world.executions.ended.add(brokenOff.id);

    await deployed(target, { path: 'failed', state: { push: pushResult({ outcome: 'rejected' }) } });

    expect(await installed(target.id)).toMatchObject({ fingerprint: null, outcome: 'rejected' });
    expect(await world.locks.read(target.id)).toMatchObject({ owner: null, takenFrom: null });
  });

  test('The recorded version of a target is left to the next owner if the lock was taken over before the write', async () => {
    const target = { id: aTargetId() };
    const [late, request] = [anExecution(), rawRequest({ target })];
    const state = await acquireLock(world)({ execution: late, request });
    const stale = await world.locks.read(target.id);
    world.executions.ended.add(late.id);
    await deployed(target, { path: 'committed', state: { push: applied } });

    const by = { ...world, locks: { ...world.locks, read: async () => stale } };
    const push = pushResult({ outcome: 'applied', version: facts('other') });
    await recordOutcome(by)({
      ...{ path: 'committed', execution: late, request },
      state: FinalState.parse({ ...state, push }),
    });

    expect(await installed(target.id)).toMatchObject({ fingerprint: fingerprint('new'), fence: 2 });
  });
});

describe('a failed deployment of a rollout', () => {
  test('A failed deployment of a rollout is counted once, in the transaction that records it', async () => {
    const rollout = await aBegunRollout(world);
    const [execution, request] = [anExecution(), rawRequest({ rollout })];
    const acquired = await acquireLock(world)({ execution, request });
    const state = FinalState.parse({ ...acquired, push: pushResult({ outcome: 'reload_failed' }) });

    for (let call = 0; call < 3; call += 1) {
      await recordOutcome(world)({ path: 'failed', execution, request, state });
    }

    expect(await failures(rollout)).toBe(1);
  });

  test('A deployment of a rollout is not counted as failed if it succeeded, was skipped or was a rollback', async () => {
    const rollout = await aBegunRollout(world);
    await deployed({ id: aTargetId() }, { path: 'committed', state: { push: applied } }, { rollout });
    await deployed({ id: aTargetId() }, { path: 'skipped', state: {} }, { rollout });
    await world.rollouts.startRollback(rollout);
    const back = { rollout, action: 'rollback', version: null };
    await deployed({ id: aTargetId() }, { path: 'rollback_failed', state: {} }, back);

    expect(await failures(rollout)).toBe(0);
  });

  test('A skipped deployment of a rollout records it, with the rollout', async () => {
    const failure = {
      Error: 'RolloutHalted',
      Cause: JSON.stringify({ errorMessage: 'rollout r-1 is halted' }),
    };
    const target = { id: aTargetId() };

    await deployed(target, { path: 'skipped', state: { failure } });

    expect(await world.history.list({ targetId: target.id })).toMatchObject([
      { outcome: 'skipped', reason: 'RolloutHalted', summary: 'RolloutHalted: rollout r-1 is halted' },
    ]);
  });
});

test('Two executions of one name and one moment in two machines have an item each, and let go of their locks', async () => {
  const target = { id: aTargetId() };
  const one = anExecution('same-name');
  const other = { ...one, id: one.id.replace(':deploy-target:', ':another-machine:') };
  for (const execution of [one, other, one, other]) {
    const request = rawRequest({ target });
    if ((await world.history.find(target.id, execution.id)) === null)
      await acquireLock(world)({ execution, request });
    await recordOutcome(world)({ path: 'committed', execution, request, state: FinalState.parse({}) });
  }

  const items = await world.history.list({ targetId: target.id });
  expect(items.map(({ executionArn }) => executionArn).sort()).toEqual([one.id, other.id].sort());
  expect(await world.locks.read(target.id)).toMatchObject({ owner: null, fence: 2 });
});

test('The metrics of a deployment have its outcome, its duration and its wait, once, and each wait so far', async () => {
  const written: Record<string, unknown>[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(JSON.parse(String(text))) > 0);

  const metrics = createDeploymentMetrics(new Metrics({ namespace: 'certferry', serviceName: 'certferry' }));
  metrics.ended({
    outcome: 'deployed',
    durations: { lockWaitMs: 20, pushMs: 300, verifyMs: 400, totalMs: 1000 },
  });
  metrics.ended({ outcome: 'lost', durations: { lockWaitMs: null, totalMs: 5 } });
  metrics.waits(7);

  const withoutHeaders = written.map(({ _aws, ...metric }) => metric);
  expect(withoutHeaders).toEqual([
    { service: 'certferry', outcome: 'deployed', Deployments: 1 },
    { service: 'certferry', DurationMs: 1000 },
    { service: 'certferry', LockWaitMs: 20 },
    { service: 'certferry', PushMs: 300 },
    { service: 'certferry', VerifyMs: 400 },
    { service: 'certferry', outcome: 'lost', Deployments: 1 },
    { service: 'certferry', DurationMs: 5 },
    { service: 'certferry', LockWaitingMs: 7 },
  ]);
});

test('The metrics count a deployment once, however often it is recorded', async () => {
  const [execution, request] = [anExecution(), rawRequest()];
  const state = FinalState.parse(await acquireLock(world)({ execution, request }));
  for (let call = 0; call < 2; call += 1) {
    await recordOutcome(world)({ path: 'committed', execution, request, state });
  }

  expect(world.ended).toHaveLength(1);
});

/** A host that cannot say which version it has put back. */
function withoutBefore({ path }: Ending): Ending {
  const push = pushResult({ outcome: 'applied', version: facts('new') });
  return { path, state: { push, rollback: pushResult({ outcome: 'restored' }) } };
}
