import { beforeEach, describe, expect, test } from 'vitest';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { CertferryError } from '../../core/errors.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import { createHandler as resolveCertificate } from '../../lambdas/handlers/rollout/resolve-certificate.ts';
import type { Sources } from '../../services/sources/sources.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { fingerprint, source } from '../fixtures/factories.ts';
import { aRegisteredTarget, certificateName, execution, rolloutId } from '../fixtures/rollout-state.ts';

const issued = await aVersion({ names: [certificateName] });
const facts = factsOfPem(issued.certPem + issued.chainPem);
if (facts === null) throw new Error('the factory makes leaves that can be read');
const secret = { kind: 'secretsmanager', secretId: 'certferry/api' } as const;

let by: FakeRolloutServices;
let asked: unknown[];
let sources: Pick<Sources, 'fetch' | 'latest' | 'identify'>;
beforeEach(() => {
  by = fakeRolloutServices();
  asked = [];
  const version = { fingerprint: facts.fingerprint, source, notAfter: facts.notAfter };
  sources = {
    async latest(place) {
      asked.push(place);
      return version;
    },
    async identify(pinned) {
      asked.push(pinned);
      return { ...version, source: pinned };
    },
    async fetch(wanted) {
      asked.push(wanted);
      return { leaf: issued.certPem, chain: [issued.chainPem], key: 'SECRET KEY', warnings: [] };
    },
  };
  by.catalogue.known.set(certificateName, Certificate.parse({ name: certificateName, source: secret }));
  by.catalogue.registered.push(aRegisteredTarget(0));
});

/** Of another rollout that deploys the version. */
const aControl = {
  id: 'r-0',
  certificate: certificateName,
  fingerprint: facts.fingerprint,
  sequence: 1,
  startedAt: execution.startedAt,
  status: 'running' as const,
  reason: null,
  supersededBy: null,
  failures: 0,
  tolerated: 0,
  outcome: null,
  summary: null,
  redriveCount: 0,
};

const resolve = (request: object = {}, name = rolloutId) =>
  resolveCertificate({ ...by, sources })({
    execution: { ...execution, name },
    request: { certificate: certificateName, ...request },
  });

describe('ResolveCertificate', () => {
  test('ResolveCertificate puts the warnings about the bundle into the state of the rollout', async () => {
    const { fetch } = sources;
    const warned = ['The leaf expires on 2026-11-30, in 1 day(s).'];
    sources = { ...sources, fetch: async (...args) => ({ ...(await fetch(...args)), warnings: warned }) };

    expect((await resolve()).rollout.warnings).toEqual(warned);
  });

  test("ResolveCertificate refuses waves that would skip the certificate's approval, and names them", async () => {
    const strategy = { approvalAfterWave: 1 };
    by.catalogue.known.set(
      certificateName,
      Certificate.parse({ name: certificateName, source: secret, strategy }),
    );

    await expect(resolve({ strategy: { waves: ['100%'] } })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringMatching(/approvalAfterWave is 1, but waves is \["100%"\]/),
    });
    await expect(resolve({ strategy: { waves: ['100%'], approvalAfterWave: 0 } })).resolves.toBeDefined();
  });

  test('ResolveCertificate begins a rollout of the latest version, and seeds every field', async () => {
    const state = await resolve();

    expect(asked).toEqual([secret, { fingerprint: facts.fingerprint, source, notAfter: facts.notAfter }]);
    expect(state.rollout).toEqual({
      id: rolloutId,
      executionArn: execution.id,
      startedAt: execution.startedAt,
      certificate: certificateName,
      version: { fingerprint: facts.fingerprint, source, notAfter: facts.notAfter },
      facts,
      sequence: 1,
      only: null,
      repeat: false,
      urgent: false,
      reason: 'requested',
      strategy: expect.objectContaining({ waves: [1, '10%', '100%'] }),
      serviceEndpoints: [],
    });
    expect(state).toMatchObject({ deployed: null, approval: null, halt: null, failure: null });
    expect(state.wave).toMatchObject({ number: 0, direction: 'forward' });
    expect(JSON.stringify(state)).not.toContain('SECRET');
  });

  test('ResolveCertificate takes the strategy from the request, then the certificate, then the default', async () => {
    const strategy = { waves: ['100%'], toleratedFailures: 3 };
    by.catalogue.known.set(
      certificateName,
      Certificate.parse({ name: certificateName, source: secret, strategy }),
    );

    const { rollout } = await resolve({ strategy: { toleratedFailures: '5%' } });

    expect(rollout.strategy).toMatchObject({ waves: ['100%'], toleratedFailures: '5%', maxConcurrency: 8 });
  });

  test('ResolveCertificate rolls out a version that is given, and the current one', async () => {
    const version = { fingerprint: fingerprint('given'), source };
    await resolve({ version });
    by.catalogue.current.set(certificateName, { version: { ...version, notAfter: 1 }, sequence: 1 });
    await resolve({ version: 'current' });

    expect(asked).toEqual([version, { ...version, notAfter: 1 }]);
  });

  test('ResolveCertificate takes a given version without a fingerprint if its source has it now', async () => {
    const { rollout } = await resolve({ version: { source } });

    expect(asked[0]).toEqual(secret);
    expect(rollout.version.fingerprint).toBe(facts.fingerprint);
    await expect(resolve({ version: { source: { ...source, versionId: 'older' } } })).rejects.toThrow(
      'version.fingerprint is required',
    );
  });

  test('ResolveCertificate finds a version that an earlier rollout has deployed by its fingerprint alone', async () => {
    const older = fingerprint('older');
    by.rollouts.deployedSources.set(older, { ...source, versionId: 'v-0' });

    await resolve({ version: { fingerprint: older } });

    expect(asked).toEqual([{ fingerprint: older, source: { ...source, versionId: 'v-0' } }]);
    const refusal = resolve({ version: { fingerprint: fingerprint('unknown') } });
    await expect(refusal).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(refusal).rejects.toThrow('version.fingerprint: no recorded rollout of api.example.com');
  });

  test.each([
    [{ kind: 'secretsmanager', secretId: 's' }, 'v-0', { versionId: 'v-0' }],
    [{ kind: 's3', bucket: 'bucket', key: 'k' }, 'v-0', { versionId: 'v-0' }],
    [{ kind: 'parameter', name: '/p' }, '17', { version: 17 }],
  ])(
    'ResolveCertificate finds a version by the name that its source gives it: %j',
    async (place, id, pin) => {
      by.catalogue.known.set(certificateName, Certificate.parse({ name: certificateName, source: place }));

      const { rollout } = await resolve({ version: { id } });

      expect(rollout.version).toMatchObject({ fingerprint: facts.fingerprint, source: { ...place, ...pin } });
    },
  );

  test.each([
    [{ kind: 'parameter', name: '/p' }, 'are numbers'],
    [
      { kind: 'acm', certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/x' },
      'ACM has no version ids',
    ],
  ])('ResolveCertificate refuses a name that the source cannot have given: %j', async (place, why) => {
    by.catalogue.known.set(certificateName, Certificate.parse({ name: certificateName, source: place }));
    const refusal = resolve({ version: { id: 'v-0' } });

    await expect(refusal).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(refusal).rejects.toThrow(why);
  });

  test.each([
    ['a field that is wrong', { version: 'newest' }, 'version'],
    ['a key that does not exist', { cerificate: 'x' }, 'cerificate'],
    ['waves that do not end with all', { strategy: { waves: [1] } }, 'strategy.waves'],
  ])('ResolveCertificate refuses %s by name', async (_, request, where) => {
    const refusal = resolve(request);

    await expect(refusal).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(refusal).rejects.toThrow(where);
  });

  test('ResolveCertificate refuses a name that cannot be an id', async () => {
    await expect(resolve({}, 'a b')).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test('ResolveCertificate refuses the latest version of a certificate without a source, and a current one where there is none', async () => {
    by.catalogue.known.set(certificateName, Certificate.parse({ name: certificateName }));

    await expect(resolve()).rejects.toThrow('has no source');
    await expect(resolve({ version: 'current' })).rejects.toThrow('no current version');
  });

  test('ResolveCertificate refuses an unregistered certificate, and lists the registered ones', async () => {
    const refusal = resolve({ certificate: 'web.example.com' });

    await expect(refusal).rejects.toMatchObject({ name: 'UnknownCertificate' });
    await expect(refusal).rejects.toThrow('Registered: api.example.com');
  });

  test.each([{ only: { targets: ['elsewhere'] } }, {}])(
    'ResolveCertificate refuses %j without targets',
    async (request) => {
      if (!('only' in request)) by.catalogue.registered.length = 0;

      await expect(resolve(request)).rejects.toMatchObject({ name: 'NoTargets' });
    },
  );

  test('ResolveCertificate refuses a partial rollout that names a missing target, and lists the existing ones', async () => {
    const refusal = resolve({ only: { targets: ['web-000', 'typo'] } });

    await expect(refusal).rejects.toMatchObject({ name: 'NoTargets' });
    await expect(refusal).rejects.toThrow(
      `certificate ${certificateName} has no target typo. Its targets: web-000`,
    );
  });

  test('ResolveCertificate leaves out who was taken out of the registry since a part with hosts was put together', async () => {
    const only = { targets: ['web-000', 'gone'], hosts: ['i-0123456789abcdef0'] };

    expect((await resolve({ only })).rollout.only).toEqual(only);
    await expect(resolve({ only: { ...only, targets: ['gone'] } }, 'r-2')).rejects.toThrow('no target gone');
  });

  test.each(['KeyMismatch', 'SourceUnavailable'] as const)(
    'ResolveCertificate refuses what its source refuses (%s), before it begins',
    async (name) => {
      sources = { ...sources, fetch: async () => Promise.reject(new CertferryError(name, 'no')) };

      await expect(resolve()).rejects.toMatchObject({ name });
      expect(by.rollouts.begun).toEqual([]);
    },
  );

  test('ResolveCertificate deploys the version of the attempt that began the rollout, whatever the source has since', async () => {
    const earlier = { fingerprint: fingerprint('earlier'), source: { ...source, versionId: 'earlier' } };
    by.rollouts.next = { type: 'started', sequence: 3, version: earlier };

    const { rollout } = await resolve();

    expect(asked.at(-1)).toEqual(earlier);
    expect(rollout).toMatchObject({ sequence: 3, version: { source: earlier.source } });
  });

  test('ResolveCertificate reports that another rollout already deploys the version', async () => {
    by.rollouts.next = { type: 'exists', by: 'r-0' };

    await expect(resolve()).rejects.toMatchObject({ name: 'RolloutExists', details: { by: 'r-0' } });
  });

  test.each([
    { end: 'has broken off', ended: true, begins: [false, false] },
    { end: 'goes on', ended: false, begins: [false] },
  ])(
    'ResolveCertificate when the other rollout of the version $end, it is begun $begins.length times',
    async (story) => {
      const executionArn = `${execution.id}-other`;
      by.rollouts.controls.set('r-0', { ...aControl, executionArn });
      if (story.ended) by.executions.ended.add(executionArn);
      by.rollouts.next = { type: 'exists', by: 'r-0' };

      // the fake goes on answering that it exists
      await expect(resolve()).rejects.toMatchObject({ name: 'RolloutExists' });
      expect(by.rollouts.repeats).toEqual(story.begins);
    },
  );

  test('ResolveCertificate does not resume a version that broke off once another one was requested', async () => {
    const executionArn = `${execution.id}-other`;
    by.rollouts.controls.set('r-0', { ...aControl, executionArn, supersededBy: 'r-9' });
    by.executions.ended.add(executionArn);
    by.rollouts.next = { type: 'exists', by: 'r-0' };

    await expect(resolve({ version: 'new' })).rejects.toMatchObject({ name: 'RolloutExists' });
    expect(by.rollouts.repeats).toEqual([false]);
  });

  test('ResolveCertificate reports that a later rollout has begun', async () => {
    by.rollouts.next = { type: 'superseded', by: 'r-2' };

    await expect(resolve()).rejects.toMatchObject({ name: 'Superseded', details: { by: 'r-2' } });
  });
});
