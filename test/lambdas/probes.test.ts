import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Observation } from '../../core/deployment/agent-line.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { createHandler as probeEndpoint } from '../../lambdas/handlers/deploy-target/probe-endpoint.ts';
import { createHandler as probeFromHost } from '../../lambdas/handlers/deploy-target/probe-from-host.ts';
import { createHandler as probeRestored } from '../../lambdas/handlers/deploy-target/probe-restored.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { facts, fingerprint, heldDeployment, lineOf } from '../fixtures/factories.ts';
import { aWorld, startTables, type World } from '../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let world: World;
let deployment: Deployment;
beforeAll(async () => {
  tables = await startTables();
});
beforeEach(async () => {
  world = aWorld(tables.documents);
  const verify = { endpoint: '127.0.0.1:8443', attempts: 3, initialBackoffSeconds: 1 };
  deployment = await heldDeployment(world, { target: { verify } });
});
afterAll(() => tables.close());

const seen = (name: string | null, ok = false): Observation => ({
  address: '127.0.0.1:8443',
  fingerprint: name === null ? null : fingerprint(name),
  ok,
  problem: ok ? null : 'not it',
});
const probing = (...observations: Observation[]) => ({ probe: async () => observations });
const version = facts('new');

describe('ProbeEndpoint', () => {
  test('ProbeEndpoint is verified when the leaf is served', async () => {
    const result = await probeEndpoint(probing(seen('new', true)))({ deployment, version, attempt: 0 });

    expect(result).toMatchObject({ verdict: 'verified', attempt: 1, waitSeconds: 0 });
  });

  test('ProbeEndpoint waits 1 s, then 2 s, and gives up after the third look', async () => {
    const look = probeEndpoint(probing(seen('old')));

    const results = await Promise.all([0, 1, 2].map((attempt) => look({ deployment, version, attempt })));

    expect(results.map(({ verdict, attempt, waitSeconds }) => [verdict, attempt, waitSeconds])).toEqual([
      ['retry', 1, 1],
      ['retry', 2, 2],
      ['exhausted', 3, 0],
    ]);
  });

  test('ProbeEndpoint fails with ProbeUnavailable when the probe could not be made, also after the last attempt', async () => {
    const unmade = { ...seen(null), problem: 'the name server does not answer', unavailable: true } as const;
    const results = [0, 2].map((attempt) => probeEndpoint(probing(unmade))({ deployment, version, attempt }));

    for (const result of results)
      await expect(result).rejects.toMatchObject({
        name: 'ProbeUnavailable',
        message: '127.0.0.1:8443: the name server does not answer',
      });
  });

  test('ProbeEndpoint counts a wrong address although another one could not be probed', async () => {
    const unmade = { ...seen(null), unavailable: true } as const;

    const result = await probeEndpoint(probing(seen('old'), unmade))({ deployment, version, attempt: 2 });

    expect(result.verdict).toBe('exhausted');
  });

  test('ProbeEndpoint makes a real probe: a port without a listener is reported as such', async () => {
    const { probe } = await import('../../core/tls-probe/probe.ts');
    const nobody = await heldDeployment(world, { target: { verify: { endpoint: '127.0.0.1:1' } } });

    const result = await probeEndpoint({ probe })({ deployment: nobody, version, attempt: 0 });

    expect(result).toMatchObject({ verdict: 'retry', observations: [{ ok: false, fingerprint: null }] });
  });

  test('ProbeEndpoint fails when the host did not report which version it installed', async () => {
    const look = probeEndpoint(probing())({ deployment, version: null, attempt: 0 });

    await expect(look).rejects.toMatchObject({ name: 'ProbeUnavailable' });
  });
});

describe('ProbeRestored', () => {
  const restored = (observations: Observation[], overrides = {}) =>
    probeRestored(probing(...observations))({
      deployment,
      failed: facts('new'),
      version: facts('old'),
      push: null,
      attempt: 2,
      ...overrides,
    });

  test('ProbeRestored is verified when the previous leaf is served again', async () => {
    expect((await restored([seen('old', true)])).verdict).toBe('verified');
  });

  test('ProbeRestored fails with ProbeUnavailable when the probe could not be made', async () => {
    await expect(restored([{ ...seen(null), unavailable: true }])).rejects.toMatchObject({
      name: 'ProbeUnavailable',
    });
  });

  test('ProbeRestored probes again while attempts are left', async () => {
    expect(await restored([seen('new')], { attempt: 0 })).toMatchObject({ verdict: 'retry', waitSeconds: 1 });
  });

  test('ProbeRestored sees nothing where nothing was before', async () => {
    expect((await restored([seen('new')], { version: null, attempt: 0 })).verdict).toBe(
      'no_previous_certificate',
    );
  });

  test('ProbeRestored returns other_certificate when every address that answers serves a third certificate', async () => {
    expect((await restored([seen('third'), seen(null)])).verdict).toBe('other_certificate');
  });

  test.each([
    ['the failed leaf is still served somewhere', [seen('third'), seen('new')]],
    ['the old leaf is served but wrongly', [seen('third'), seen('old')]],
    ['nobody answers', [seen(null)]],
    ['there is no address', []],
  ])('ProbeRestored is exhausted, not elsewhere, when %s', async (_, observations) => {
    expect((await restored(observations)).verdict).toBe('exhausted');
  });

  const baseline = (name: string | null) => ({
    push: {
      baseline: {
        from: 'lambda' as const,
        addresses: [
          {
            address: '127.0.0.1:8443',
            fingerprint: name === null ? null : fingerprint(name),
            problem: name === null ? 'connection refused' : null,
          },
        ],
      },
    },
  });

  test.each([
    ['was unreachable before the change, and still is', null, null, 'the endpoint was unreachable'],
    ['serves the same third certificate as before', 'third', 'third', 'served the same certificate'],
  ])('ProbeRestored does not blame an endpoint on the rollback that %s', async (_, before, now, text) => {
    const result = await restored([seen(now)], baseline(before));

    expect(result.verdict).toBe('as_before');
    expect(result.summary).toContain(text);
  });

  test.each([
    ['has served the previous leaf before the change', 'old', 'third'],
    ['answered before the change', 'old', null],
    ['served the failed leaf before the change, as now', 'new', 'new'],
  ])('ProbeRestored is exhausted for an endpoint that %s', async (_, before, now) => {
    expect((await restored([seen(now)], baseline(before))).verdict).toBe('exhausted');
  });

  test('ProbeRestored compares with the state before the change only after the last attempt', async () => {
    expect(await restored([seen(null)], { ...baseline(null), attempt: 0 })).toMatchObject({
      verdict: 'retry',
    });
  });

  test('ProbeRestored returns other_certificate only after the last attempt', async () => {
    expect((await restored([seen('third')], { attempt: 0 })).verdict).toBe('retry');
  });
});

describe('ProbeFromHost', () => {
  const look = (attempt: number, taskToken: string) =>
    probeFromHost(world)({ deployment, version, attempt, taskToken });
  const end = async (at: number, output: string, status = 'Success') => {
    const commandId = world.commands.sent[at]?.commandId ?? '';
    world.commands.end(commandId, { output, status });
    await commandStatus({ ...world, sleep: async () => {} })({
      detail: { 'command-id': commandId, 'instance-id': deployment.target.host, status },
    });
  };

  test('ProbeFromHost has the host look, and judges what it saw', async () => {
    await look(0, 't1');
    await end(0, lineOf(deployment, { outcome: 'inspected', observations: [seen('new', true)] }));

    expect(world.commands.sent[0]?.read).toMatchObject({
      job: { header: { action: 'inspect' }, probe: { version, verify: { endpoint: '127.0.0.1:8443' } } },
    });
    expect(world.executions.outputOf('t1')).toMatchObject({ verdict: 'verified', attempt: 1 });
  });

  test('ProbeFromHost sends a new job for the next attempt, and not for a retry of the same one', async () => {
    await look(0, 't1');
    await look(0, 't1-again');
    await end(0, lineOf(deployment, { outcome: 'inspected', observations: [seen('old')] }));
    await look(1, 't2');
    await end(1, lineOf(deployment, { outcome: 'inspected', observations: [seen('old')] }));

    expect(world.commands.sent).toHaveLength(2);
    expect(world.executions.outputOf('t1-again')).toMatchObject({ verdict: 'retry', waitSeconds: 1 });
    expect(world.executions.outputOf('t2')).toMatchObject({ verdict: 'retry', waitSeconds: 2 });
  });

  test('ProbeFromHost is not used for a target with verify: none', async () => {
    const { target } = deployment;
    const unverified = { ...deployment, target: { ...target, verify: 'none' as const } };

    await expect(
      probeFromHost(world)({ deployment: unverified, version, attempt: 0, taskToken: 't' }),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test.each([
    ['a job without a result', '', 'Undeliverable', 'Undeliverable'],
    ['a host that could not probe', 'line', 'Success', 'the name server does not answer'],
  ])(
    'ProbeFromHost fails with ProbeUnavailable after %s, and its retry sends a new job',
    async (_, output, status, text) => {
      const problem = 'the name server does not answer';
      const unmade = { ...seen(null), problem, unavailable: true } as const;
      const line = lineOf(deployment, { outcome: 'inspected', observations: [unmade] });
      await look(2, 't3');
      await end(0, output === '' ? '' : line, status);
      await look(2, 't3-again');

      expect(world.executions.failures).toContainEqual({
        taskToken: 't3',
        name: 'ProbeUnavailable',
        message: expect.stringContaining(text),
      });
      expect(world.commands.sent).toHaveLength(2);
    },
  );
});
