import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalDeploymentResult, LocalDeployRequest } from '../../local/backend/run-deployment.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { quickMachine } from '../scenarios/faults.ts';
import {
  deployInProcess,
  enteredBy,
  spawnDeployments,
  untilAgentRuns,
  useLocalBackend,
} from './local-backend.ts';
import { scratch } from './scratch.ts';
import { deploying, type ServedTarget } from './served-target.ts';

const rig = useLocalBackend();

describe('many deployments to one target', () => {
  test('Many deployments to one target go one at a time with growing fences, and the last request is what stays', {
    timeout: 600_000,
  }, async () => {
    const { served, openEnrolled } = rig();
    const { backend } = await openEnrolled();
    const requests = [await aVersion(), await aVersion()].map((version) =>
      deploying(served.target(), version),
    );
    const order = Array.from({ length: 50 }, (_, index) => requests[index % 2] as LocalDeployRequest);

    const results = await Promise.all(order.map((request) => backend.deploy(request)));

    const outcomes = results.map(({ output }) => output.outcome);
    expect(outcomes.filter((one) => !['deployed', 'unchanged', 'superseded'].includes(one))).toEqual([]);
    expect(fencesInOrder(results)).toBe(true);
    expect(overlaps(results)).toBe(0);
    const numbers = await Promise.all(results.map((result) => requestNumberOf(backend, result)));
    const last = order[numbers.indexOf(Math.max(...numbers))];
    expect(readFileSync(served.keyPath, 'utf8')).toBe(keyIn(last));
    expect(await backend.history({ targetId: 'web-1' })).toHaveLength(51);
  });

  test('Many deployments to one target that do not overtake each other all get their turn', {
    timeout: 600_000,
  }, async () => {
    const { served, open } = rig();
    const patient = {
      ErrorEquals: ['LockHeld'],
      IntervalSeconds: 0.1,
      MaxDelaySeconds: 0.1,
      MaxAttempts: 1000,
    };
    const backend = await open({ definition: quickMachine({ AcquireLock: { Retry: [patient] } }) });
    const dryRun = { ...deploying(served.target(), await aVersion()), action: 'validate' as const };
    await backend.deploy(dryRun);

    const results = await Promise.all(Array.from({ length: 12 }, () => backend.deploy(dryRun)));

    expect(new Set(results.map(({ output }) => output.outcome))).toEqual(new Set(['validate_unsupported']));
    expect(fencesInOrder(results)).toBe(true);
    expect(overlaps(results)).toBe(0);
  });

  test('Many deployments to one target from two processes are all recorded, and none runs twice', {
    timeout: 600_000,
  }, async () => {
    const { served, stateDir, open } = rig();
    const requests = [
      aRequestFile(deploying(served.target(), await aVersion())),
      aRequestFile(deploying(served.target(), await aVersion())),
    ];

    const deployments = (
      await Promise.all(requests.map((file) => deployInProcess(stateDir, file, 8)))
    ).flat();

    const history = await (await open()).history({ targetId: 'web-1' });
    expect(deployments).toHaveLength(16);
    expect(history.map(({ deploymentId }) => deploymentId).sort()).toEqual(
      deployments.map(({ executionName }) => executionName).sort(),
    );
    const fences = deployments.map(({ output }) => output.fence).filter((fence) => fence !== null);
    expect(new Set(fences).size).toBe(fences.length);
  });
});

test('A deployment with a maximum wait ends as lock_unavailable and names the holder, which finishes', {
  timeout: 600_000,
}, async () => {
  const { served, stateDir, openEnrolled } = rig();
  const { backend, first } = await openEnrolled();
  const { target, openGate } = heldUp(served);
  const holder = backend.deploy(deploying(target, await aVersion()));
  await untilAgentRuns(stateDir, 2);

  const { output } = await backend.deploy({ ...deploying(served.target(), first), lockWaitSeconds: 0 });
  openGate();

  expect(output).toMatchObject({ outcome: 'lock_unavailable', reason: 'LockHeld', fence: null });
  expect(output.summary).toContain(`${(await holder).executionName} holds target web-1`);
  expect(output.summary).toContain('the maximum wait of 0 s is over');
  expect((await holder).output.outcome).toBe('deployed');
});

describe('a certferry process that is killed in the middle of a push', () => {
  test('A certferry process that is killed in the middle of a push leaves a lock that the next deployment takes over at once', {
    timeout: 600_000,
  }, async () => {
    const { served, stateDir, openEnrolled } = rig();
    const { backend, first } = await openEnrolled();
    const { target, openGate } = heldUp(served);
    const child = spawnDeployments(stateDir, aRequestFile(deploying(target, await aVersion())), 1);
    const dead = await enteredBy(child, stateDir, 'PushBundle');
    await untilAgentRuns(stateDir, 2);

    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = await backend.inspect(dead);
    openGate();
    const next = await backend.deploy(deploying(served.target(), first));

    expect(before).toMatchObject({ status: 'ABORTED', output: null });
    expect(['deployed', 'unchanged']).toContain(next.output.outcome);
    expect(next.output.fence).toBe(3);
    expect(readFileSync(served.keyPath, 'utf8')).toBe(first.keyPem);
  });

  test('A certferry process that is killed in the middle of a push is recorded by the next process, and its lock is free', {
    timeout: 600_000,
  }, async () => {
    const { served, stateDir, open, openEnrolled } = rig();
    await (await openEnrolled()).backend.close();
    const child = spawnDeployments(stateDir, aRequestFile(deploying(served.target(), await aVersion())), 1);
    const dead = await enteredBy(child, stateDir, 'PushBundle');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const later = await open();

    expect((await later.history({ targetId: 'web-1' }))[0]).toMatchObject({
      deploymentId: dead,
      recordedBy: 'status-change',
    });
    expect(await later.inspect(dead)).toMatchObject({ status: 'ABORTED', stoppedAt: expect.any(Number) });
  });
});

test('Closing the local backend aborts its deployments and frees the lock', {
  timeout: 600_000,
}, async () => {
  const { served, stateDir, open, openEnrolled } = rig();
  const { backend, first } = await openEnrolled();
  const { target, openGate } = heldUp(served);
  const aborted = backend.deploy(deploying(target, await aVersion()));
  await untilAgentRuns(stateDir, 2);

  await backend.close();
  openGate();
  const { status, output } = await aborted;
  const next = await (await open()).deploy(deploying(served.target(), first));

  expect([status, output.outcome]).toEqual(['ABORTED', 'lost']);
  expect(['deployed', 'unchanged']).toContain(next.output.outcome);
});

/** A target whose check does not end before the gate is open. */
function heldUp(served: ServedTarget) {
  const gate = join(scratch(), 'gate');
  const validateCommand = ['sh', '-c', `while [ ! -e ${gate} ]; do sleep 0.05; done`];
  return { target: served.target({ config: { validateCommand } }), openGate: () => writeFileSync(gate, '') };
}

function aRequestFile(request: LocalDeployRequest): string {
  const file = join(scratch(), 'request.json');
  writeFileSync(file, JSON.stringify(request));
  return file;
}

async function requestNumberOf(
  backend: LocalBackend,
  { executionName }: LocalDeploymentResult,
): Promise<number> {
  const input = (await backend.inspect(executionName))?.input;
  return input instanceof Object && 'requestNumber' in input ? Number(input.requestNumber) : 0;
}

function keyIn(request: LocalDeployRequest | undefined): string {
  const secret = request?.version?.secret;
  return secret !== undefined && 'privateKey' in secret ? secret.privateKey : '';
}

function fencesInOrder(results: readonly LocalDeploymentResult[]): boolean {
  const held = results.filter(({ output }) => output.fence !== null);
  const byFence = held.sort((one, other) => (one.output.fence ?? 0) - (other.output.fence ?? 0));
  const pushes = byFence.map(({ events }) => timeOf(events, 'PushBundle'));
  return (
    new Set(held.map(({ output }) => output.fence)).size === held.length &&
    pushes.every((at, index) => index === 0 || at >= (pushes[index - 1] ?? 0))
  );
}

const timeOf = (events: LocalDeploymentResult['events'], state: string) =>
  events.find(({ type, state: at }) => type === 'StateEntered' && at?.name === state)?.timestamp ?? 0;

/** Pairs of deployments that held the target at the same time, seen from their graphs. */
function overlaps(results: readonly LocalDeploymentResult[]): number {
  const spans = results
    .filter(({ output }) => output.outcome !== 'superseded')
    .map(({ events }) => [timeOf(events, 'PushBundle'), endOf(events)] as const)
    .sort(([one], [other]) => one - other);
  return spans.filter(([start], index) => index > 0 && start < (spans[index - 1]?.[1] ?? 0)).length;
}

/** When the deployment began to record its end, which lets go of the lock. */
const endOf = (events: LocalDeploymentResult['events']) =>
  Math.max(timeOf(events, 'CommitDeployment'), timeOf(events, 'RecordValidated'));
