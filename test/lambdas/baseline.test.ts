import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../core/deployment/baseline.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { sourcesOf } from '../fixtures/bundle.ts';
import { facts, fingerprint, heldDeployment, lineOf } from '../fixtures/factories.ts';
import { aHostKey, useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

const push = () => pushBundle({ ...world, sources: sourcesOf() });

let hosts = 0;
/** A host that no other test in this file enrols. */
const aHost = () => ({ host: `mi-${(++hosts).toString(16).padStart(17, '0')}` });

async function enrolledDeployment(action: 'deploy' | 'validate' = 'deploy') {
  const deployment = await heldDeployment(world, { target: aHost(), action });
  await world.hostKeys.save(deployment.target.host, await aHostKey(), '2026-11-22T10:00:00.000Z');
  return deployment;
}

describe('the baseline of PushBundle', () => {
  const served = (name: string): Baseline => ({
    from: 'lambda',
    addresses: [{ address: '127.0.0.1:8443', fingerprint: fingerprint(name), problem: null }],
  });
  /** The endpoint serves another certificate at each probe. */
  function observeEach(...names: string[]) {
    const observed: string[] = [];
    world.observeBaseline = async () => {
      const name = names[observed.length] ?? 'none is left';
      observed.push(name);
      return served(name);
    };
    return observed;
  }
  const endWith = (line: Parameters<typeof lineOf>[1], deployment: Deployment) => {
    world.commands.onSend = (id) => world.commands.end(id, { output: lineOf(deployment, line) });
  };

  test('PushBundle returns what the endpoint served before the job was sent', async () => {
    const deployment = await enrolledDeployment();
    observeEach('old');
    endWith({ outcome: 'applied', version: facts('new') }, deployment);

    await push()({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'applied', baseline: served('old') });
  });

  test('PushBundle keeps the baseline through an enrolment, and probes once', async () => {
    const deployment = await heldDeployment(world, { target: aHost() });
    const observed = observeEach('old', 'changed since');
    endWith({ outcome: 'enrolled', hostKey: await aHostKey() }, deployment);
    await push()({ deployment, taskToken: 't1' });
    endWith({ outcome: 'applied' }, deployment);

    await push()({ deployment, taskToken: 't2' });

    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'applied', baseline: served('old') });
    expect(observed).toEqual(['old']);
  });

  test('PushBundle keeps the first baseline when it is unknown whether the first job has changed the host', async () => {
    const deployment = await enrolledDeployment();
    observeEach('old', 'new');
    const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    world.commands.failNext(throttled, 'after');
    await expect(push()({ deployment, taskToken: 't1' })).rejects.toBe(throttled);
    endWith({ outcome: 'applied' }, deployment);

    await push()({ deployment, taskToken: 't2' });

    expect(world.executions.outputOf('t2')).toMatchObject({ baseline: served('old') });
  });

  test('PushBundle keeps the first baseline when two attempts overlap', async () => {
    const deployment = await enrolledDeployment();
    observeEach('old', 'new');
    const both = [push()({ deployment, taskToken: 't1' }), push()({ deployment, taskToken: 't2' })];
    await Promise.all(both);
    const [first] = world.commands.sent;
    world.commands.end(first?.commandId ?? '', { output: lineOf(deployment, { outcome: 'applied' }) });

    const detail = { 'command-id': first?.commandId ?? '', 'instance-id': '', status: 'Success' };
    await commandStatus({ ...world, sleep: async () => {} })({ detail });

    const { baseline } = await world.locks.read(deployment.target.id);
    expect([served('old'), served('new')]).toContainEqual(baseline);
    expect(world.executions.completions).toMatchObject([{ output: { baseline } }]);
  });

  test('PushBundle has a baseline of its own after it took the lock over from an execution that broke off', async () => {
    const first = await enrolledDeployment();
    observeEach('before the first', 'before the second');
    await push()({ deployment: first, taskToken: 't1' });
    world.executions.ended.add(first.executionArn);
    const { id, host } = first.target;
    const deployment = await heldDeployment(world, { target: { id, host } });
    endWith({ outcome: 'applied' }, deployment);

    await push()({ deployment, taskToken: 't2' });

    expect(world.executions.outputOf('t2')).toMatchObject({ baseline: served('before the second') });
  });

  test.each([
    ['the host probes its endpoint', { verify: { endpoint: '127.0.0.1:8443', probeFrom: 'host' } }, {}],
    ['its probes run in a VPC that PushBundle cannot reach', {}, { baselineFrom: 'host' as const }],
  ])('PushBundle leaves the baseline to the host if %s', async (_, target, services) => {
    const deployment = await heldDeployment(world, { target: { ...aHost(), ...target } });
    const observed = observeEach('old');
    const baseline = { ...served('seen by the host'), from: 'host' as const };
    endWith({ outcome: 'applied', baseline }, deployment);

    await pushBundle({ ...world, ...services, sources: sourcesOf() })({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ baseline });
    expect(observed).toEqual([]);
  });

  test('PushBundle warns in a dry run that the endpoint is unreachable', async () => {
    const deployment = await enrolledDeployment('validate');
    const problem = 'connection refused';
    const addresses = [{ address: '127.0.0.1:8443', fingerprint: null, problem }];
    world.observeBaseline = async () => ({ from: 'lambda', addresses });
    endWith({ outcome: 'validated' }, deployment);

    await push()({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({
      outcome: 'validated',
      warnings: [expect.stringContaining('the endpoint is unreachable (127.0.0.1:8443: connection refused)')],
    });
  });
});
