import { beforeAll, describe, expect, test } from 'vitest';
import { served } from '../core/tls-probe/endpoints.ts';
import { useEndpoints } from '../core/tls-probe/use-endpoints.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { aSweptCertificate } from '../fixtures/sweep.ts';
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
describe('a sweep and the sources of certificates', () => {
  test('A sweep checks the source of each certificate with targets once a day, because an event may be lost', async () => {
    const parameter = { kind: 'parameter', name: '/tls/api' } as const;
    await own.isCertificate({ source: parameter });
    const world = own.sweeping();
    expect((await world.sweep()).sourceChecks).toEqual([]);
    await own.registered('web', 1, { verify: 'none' });

    const reports = [await world.sweep(), await world.sweep(), await world.sweep({ heal: false })];
    world.clock.set('2026-11-23T12:00:00Z');
    reports.push(await world.sweep());

    expect(reports.map(({ sourceChecks }) => sourceChecks.length)).toEqual([1, 0, 0, 1]);
    expect(world.executions.started).toMatchObject([
      {
        name: reports[0]?.sourceChecks[0],
        input: { certificate: own.certificate, version: 'new', only: null },
      },
      { name: reports[3]?.sourceChecks[0] },
    ]);
  });

  test('A sweep continues when Step Functions starts no rollout', async () => {
    const server = await endpoints.serve(served(strange));
    await own.isCertificate({ source: { kind: 'parameter', name: '/tls/api' } });
    await own.installed(await own.registered('web', server.port), current);
    await own.isCurrent(current);
    const world = own.sweeping();
    world.executions.start = async () => {
      throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    };

    const report = await world.sweep();

    expect(report).toMatchObject({ sourceChecks: [], counts: { drift: 1 } });
    expect(report.healing).toMatchObject([
      { targets: 0, summary: 'the rollout could not be started (ThrottlingException)' },
    ]);
    expect(world.published[0]?.details).toMatchObject({ notOk: [{ condition: 'drift' }] });
  });

  test('A sweep checks no source of a certificate whose versions are given by operators', async () => {
    await own.isCertificate({});
    const world = own.sweeping();

    expect((await world.sweep()).sourceChecks).toEqual([]);
    expect(world.executions.started).toEqual([]);
  });
});
