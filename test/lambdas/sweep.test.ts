import { randomUUID } from 'node:crypto';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createHandler } from '../../lambdas/handlers/events/sweep.ts';
import { createSweepMetrics, type SweepMetrics } from '../../services/notify/sweep-metrics.ts';
import { served } from '../core/tls-probe/endpoints.ts';
import { useEndpoints } from '../core/tls-probe/use-endpoints.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { aSweptCertificate, hostA, hostB } from '../fixtures/sweep.ts';
import { useWorld } from '../fixtures/world.ts';

const endpoints = useEndpoints();

let own: ReturnType<typeof aSweptCertificate>;
useWorld((_, tables) => {
  own = aSweptCertificate(tables.documents);
});

let current: IssuedCertificate;
let strange: IssuedCertificate;
beforeAll(async () => {
  [current, strange] = [await aVersion(), await aVersion()];
});

describe('a sweep', () => {
  test('A sweep without findings reports it in numbers', async () => {
    const server = await endpoints.serve(served(current));
    const id = await own.registered('web', server.port);
    await own.installed(id, current);
    await own.isCurrent(current);
    const world = own.sweeping();

    const report = await world.sweep();

    expect(report).toMatchObject({
      swept: 1,
      reached: null,
      healing: [],
      more: 0,
      counts: { ok: 1, drift: 0 },
    });
    expect(report.summary).toBe('1 of 1 targets are ok');
    expect(report.targets).toMatchObject([
      { targetId: id, condition: 'ok', healing: false, notHealed: null },
    ]);
    const days = report.targets[0]?.daysToExpiry;
    // one certificate's are not everything's: an alarm that others have raised must stay
    const counts = { daysToExpiry: days, drift: 0, chainIncomplete: 0, unreachable: 0, neverDeployed: 0 };
    expect(world.published).toMatchObject([
      {
        counts: null,
        details: { swept: 1, certificates: [{ certificate: own.certificate, ...counts }], notOk: [] },
      },
    ]);
    expect(world.executions.started).toEqual([]);
  });

  test('A sweep starts one rollout for all drifted targets with autoHeal, and only reports the others', async () => {
    const server = await endpoints.serve(served(strange));
    const [web, api, quiet] = [
      await own.registered('web', server.port),
      await own.registered('api', server.port, { host: hostB }),
      await own.registered('quiet', server.port, { autoHeal: false }),
    ];
    for (const id of [web, api, quiet]) await own.installed(id, current);
    await own.isCurrent(current);
    const world = own.sweeping();

    const report = await world.sweep();

    expect(report.counts).toMatchObject({ drift: 3 });
    expect(world.executions.started).toMatchObject([
      {
        machineArn: world.rolloutArn(),
        name: expect.stringMatching(/^heal-/),
        input: {
          certificate: own.certificate,
          version: 'current',
          only: { targets: [api, web], hosts: [hostA, hostB] },
        },
      },
    ]);
    expect(report.healing).toMatchObject([
      { certificate: own.certificate, targets: 2, summary: 'healing 2 targets' },
    ]);
    const notHealed = Object.fromEntries(report.targets.map((one) => [one.targetId, one.notHealed]));
    expect(notHealed).toEqual({
      [web]: null,
      [api]: null,
      [quiet]: 'the target does not have autoHeal: true',
    });
    expect(world.published[0]?.details).toMatchObject({ certificates: [{ targets: 3, drift: 3 }] });
  });

  test('A sweep starts nothing twice within an hour, whoever starts the sweep', async () => {
    const server = await endpoints.serve(served(strange));
    await own.installed(await own.registered('web', server.port), current);
    await own.isCurrent(current);
    const world = own.sweeping();

    const [one, other] = await Promise.all([world.sweep(), world.sweep()]);

    expect(world.executions.started).toHaveLength(1);
    expect([one, other].map(({ healing }) => healing[0]?.targets).sort()).toEqual([0, 1]);
  });

  test('A sweep only probes with heal: false', async () => {
    const server = await endpoints.serve(served(strange));
    await own.installed(await own.registered('web', server.port), current);
    await own.isCurrent(current);
    const world = own.sweeping();

    const report = await world.sweep({ heal: false });

    expect(report.targets).toMatchObject([{ condition: 'drift', notHealed: 'this sweep only reports' }]);
    expect(world.executions.started).toEqual([]);
  });

  test('A sweep leaves targets to a rollout under way, and to operators once it is halted', async () => {
    const server = await endpoints.serve(served(strange));
    await own.installed(await own.registered('web', server.port), current);
    await own.isCurrent(current);
    const world = own.sweeping();
    const id = `r-${randomUUID()}`;
    await world.rollouts.begin(own.aRollout(id), { repeat: true });

    const underway = await world.sweep();
    await world.rollouts.halt(id, 'two failures');
    const halted = await world.sweep();

    expect(underway.healing).toMatchObject([{ rollout: null, summary: `rollout ${id} is running` }]);
    expect(halted.targets[0]?.notHealed).toMatch(/is halted \(two failures\): resume it or roll it back/);
    expect(world.executions.started).toEqual([]);
  });

  test('A sweep does not wait for a rollout that has broken off', async () => {
    const server = await endpoints.serve(served(strange));
    await own.installed(await own.registered('web', server.port), current);
    await own.isCurrent(current);
    const world = own.sweeping();
    const rollout = own.aRollout(`r-${randomUUID()}`);
    await world.rollouts.begin(rollout, { repeat: true });
    world.executions.ended.add(rollout.executionArn);

    const report = await world.sweep();

    expect(report.healing).toMatchObject([{ targets: 1, summary: 'healing 1 target' }]);
  });

  test.each([{ autoScalingGroup: 'web' }, { tags: { certferry: 'true' } }])(
    "A sweep gives a new host its first deployment without autoHeal, and probes each host's own address: %j",
    async (host) => {
      const server = await endpoints.serve(served(current));
      const id = await own.registered('fleet', 0, {
        host,
        autoHeal: false,
        verify: { endpoint: `{host}:${server.port}`, serverName: 'www.example.test' },
      });
      await own.installed(`${id}.${hostA}`, current);
      await own.isCurrent(current);
      const world = own.sweeping([
        { host: hostA, address: '127.0.0.1' },
        { host: hostB, address: '127.0.0.1' },
        { host: 'i-0ccccccccccccccc0', address: null },
      ]);

      const report = await world.sweep();

      expect(report.targets).toMatchObject([
        { targetId: `${id}.${hostB}`, condition: 'never_deployed', healing: true },
        { targetId: `${id}.i-0ccccccccccccccc0`, condition: 'never_deployed', healing: true },
        { targetId: `${id}.${hostA}`, condition: 'ok' },
      ]);
      expect(world.executions.started[0]?.input).toMatchObject({
        only: { targets: [id], hosts: [hostB, 'i-0ccccccccccccccc0'] },
      });
    },
  );

  test('A sweep reports targets that it cannot probe, and heals none of them', async () => {
    const server = await endpoints.serve(served(current));
    await server.close();
    const [closed, byHost, unverified] = [
      await own.registered('closed', server.port),
      await own.registered('host', server.port, {
        verify: { endpoint: `127.0.0.1:${server.port}`, serverName: 'www.example.test', probeFrom: 'host' },
      }),
      await own.registered('none', server.port, { verify: 'none' }),
    ];
    for (const id of [closed, byHost, unverified]) await own.installed(id, current);
    await own.isCurrent(current);
    const world = own.sweeping();

    const report = await world.sweep();

    expect(report.targets).toMatchObject([
      { targetId: closed, condition: 'unreachable', summary: expect.stringMatching(/connection refused/) },
      { condition: 'not_probed' },
      { condition: 'not_probed' },
    ]);
    expect(world.executions.started).toEqual([]);
  });

  test('A sweep continues with the other targets when the hosts of one cannot be resolved', async () => {
    const server = await endpoints.serve(served(current));
    const id = await own.registered('web', server.port);
    const lost = await own.registered('lost', server.port, { host: { tags: { role: 'web' } } });
    await own.installed(id, current);
    await own.isCurrent(current);
    const world = own.sweeping();
    world.fleet.resolve = () =>
      Promise.reject(Object.assign(new Error('not allowed'), { name: 'AccessDenied' }));

    const report = await world.sweep();

    expect(report.targets).toMatchObject([
      {
        targetId: lost,
        condition: 'unresolved',
        summary: expect.stringMatching(/AccessDenied: not allowed/),
      },
      { targetId: id, condition: 'ok' },
    ]);
  });

  test('A sweep stops in time, and the next one continues from there', async () => {
    const server = await endpoints.serve(served(current));
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push(await own.registered(name, server.port));
    const world = own.sweeping();
    // only these: the targets of other tests are in the same table
    const catalogue = { ...world.catalogue, targets: () => world.catalogue.targets(own.certificate) };
    let time = Date.parse('2026-11-22T12:00:00Z');
    const clock = {
      now: () => {
        time += 400_000;
        return new Date(time);
      },
    };
    const sweep = createHandler({ ...world, catalogue, clock });

    const first = await sweep({ heal: false });
    const others = [await sweep({ heal: false }), await sweep({ heal: false })];

    expect(first.swept).toBeLessThan(3);
    expect(first.reached).toBe(
      first.targets
        .map(({ targetId }) => targetId)
        .sort()
        .at(-1),
    );
    expect(first.summary).toMatch(/the time limit was reached: the next sweep continues after a-/);
    const seen = new Set(
      [first, ...others].flatMap(({ targets }) => targets.map(({ targetId }) => targetId)),
    );
    expect([...seen].sort()).toEqual(ids.sort());
    const complete = world.published.flatMap(({ counts }) => counts ?? []);
    expect(complete.length).toBeGreaterThan(0);
    for (const counts of complete) expect(counts).toMatchObject({ drift: 0, unreachable: 0 });
    expect(world.published[0]).toMatchObject({ counts: null, details: { reached: first.reached } });
  });
});

describe('the numbers of a sweep', () => {
  afterEach(() => vi.restoreAllMocks());

  function linesOf(publish: (metrics: SweepMetrics) => void) {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    publish(createSweepMetrics(new Metrics({ namespace: 'certferry' })));
    return written.map((line) => JSON.parse(line));
  }

  test('A sweep writes one line, with five metrics without dimensions and the details', () => {
    const counts = { daysToExpiry: 9, drift: 2, chainIncomplete: 0, unreachable: 1, neverDeployed: 3 };
    const details = { certificates: [{ certificate: 'a.example', drift: 2 }] };

    const lines = linesOf((metrics) => metrics.publish(counts, details));

    expect(lines).toMatchObject([
      { DaysToExpiry: 9, Drift: 2, ChainIncomplete: 0, Unreachable: 1, NeverDeployed: 3, ...details },
    ]);
    expect(lines[0]._aws.CloudWatchMetrics).toMatchObject([{ Namespace: 'certferry', Dimensions: [[]] }]);
    expect(lines[0]._aws.CloudWatchMetrics[0].Metrics).toHaveLength(5);
  });

  test('The line of a sweep contains nothing of the line before', () => {
    const counts = { daysToExpiry: 9, drift: 2, chainIncomplete: 0, unreachable: 1, neverDeployed: 0 };

    const [, second] = linesOf((metrics) => {
      metrics.publish(counts, { reached: 'web' });
      metrics.publish({ ...counts, daysToExpiry: null }, {});
    });

    expect(second).toMatchObject({ Drift: 2, Unreachable: 1 });
    expect(second).not.toHaveProperty('DaysToExpiry');
    expect(second).not.toHaveProperty('reached');
    expect(second._aws.CloudWatchMetrics).toHaveLength(1);
  });
});
