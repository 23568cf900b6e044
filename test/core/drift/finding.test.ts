import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  classify,
  type EndpointInspection,
  type ExpectedVersions,
  type KnownVersion,
} from '../../../core/drift/finding.ts';
import type { AddressInspection, ServedFacts } from '../../../core/tls-probe/inspect-endpoint.ts';
import { fingerprint } from '../../fixtures/factories.ts';

const now = new Date('2026-11-22T12:00:00Z');
const inDays = (days: number) => now.getTime() / 1000 + days * 86_400;
const [current, older, strange] = ['current', 'older', 'strange'].map(fingerprint) as [
  string,
  string,
  string,
];
const intermediate = fingerprint('intermediate');

const has = (name: string, changes: Partial<KnownVersion> = {}): KnownVersion => ({
  fingerprint: name,
  notAfter: inDays(60),
  version: {
    fingerprint: name as `sha256:${string}`,
    chain: [intermediate],
    keyAlgorithm: 'ec',
    notAfter: inDays(60),
  },
  ...changes,
});

const due: ExpectedVersions = { current, rollout: null };

function serves(
  name: string,
  changes: Partial<ServedFacts> = {},
  address = '10.0.0.1:443',
): AddressInspection {
  const served = {
    tlsVersion: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    fingerprint: name,
    subject: 'CN=api.example.com',
    names: ['api.example.com'],
    issuer: 'CN=Test',
    notBefore: inDays(-30),
    notAfter: inDays(60),
    daysLeft: 60,
    chainLength: 2,
    chain: [intermediate],
    warnings: [],
    ...changes,
  };
  return { address, problem: null, served };
}

const refused = (address = '10.0.0.2:443'): AddressInspection => ({
  address,
  problem: 'connection refused',
  served: null,
});

const seen = (...inspections: AddressInspection[]): EndpointInspection => ({
  inspections,
  addresses: 'all',
  requireChain: true,
});
const notProbed: EndpointInspection = { notInspected: 'the target says verify: none' };

describe('the finding of a target', () => {
  const findingOf = (
    known: KnownVersion | null,
    inspection: EndpointInspection,
    changes: Partial<ExpectedVersions> = {},
  ) => classify(known, { ...due, ...changes }, inspection, now);

  test('A target that serves the current version is ok', () => {
    expect(findingOf(has(current), seen(serves(current)))).toEqual({
      condition: 'ok',
      partial: false,
      daysToExpiry: 60,
      served: { fingerprint: current, notAfter: inDays(60) },
      summary: expect.stringMatching(/^serves sha256:/),
    });
  });

  test('The leaf of a finding is the one that expires first, and there is none without an answer', () => {
    const soon = serves(strange, { notAfter: inDays(3) });

    expect(findingOf(has(current), seen(serves(current), soon, refused()))).toMatchObject({
      served: { fingerprint: strange, notAfter: inDays(3) },
    });
    for (const inspection of [seen(refused()), notProbed]) {
      expect(findingOf(has(current), inspection)).toMatchObject({ served: null });
    }
  });

  test('A target that serves an unknown leaf has drifted', () => {
    expect(findingOf(has(current), seen(serves(strange)))).toMatchObject({
      condition: 'drift',
      partial: false,
    });
  });

  test('A target that still serves its version before a failed deployment is outdated', () => {
    expect(findingOf(has(older), seen(serves(older)))).toMatchObject({ condition: 'outdated' });
  });

  test('A target that serves the current version although its last deployment was lost is ok', () => {
    expect(findingOf(has(current, { fingerprint: null }), seen(serves(current)))).toMatchObject({
      condition: 'ok',
    });
  });

  test('A target that serves an older version after a lost deployment has drifted, because its version is unknown', () => {
    expect(findingOf(has(older, { fingerprint: null }), seen(serves(older)))).toMatchObject({
      condition: 'drift',
    });
  });

  test('A target without any deployment is never_deployed, with the age of what it serves', () => {
    expect(findingOf(null, seen(serves(strange, { daysLeft: 3 })))).toMatchObject({
      condition: 'never_deployed',
      daysToExpiry: 3,
    });
  });

  test('A target that serves its leaf without the intermediate is chain_incomplete', () => {
    expect(findingOf(has(current), seen(serves(current, { chain: [] })))).toMatchObject({
      condition: 'chain_incomplete',
    });
  });

  test('A target that need not send a chain is ok without it', () => {
    const inspection: EndpointInspection = {
      inspections: [serves(current, { chain: [] })],
      addresses: 'all',
      requireChain: false,
    };

    expect(findingOf(has(current), inspection)).toMatchObject({ condition: 'ok' });
  });

  test('A target that does not answer is unreachable, with the age from the registry', () => {
    expect(findingOf(has(current), seen(refused()))).toMatchObject({
      condition: 'unreachable',
      daysToExpiry: 60,
    });
  });

  test('A target that answers on one of two addresses is unreachable if all must be right, and ok if one is enough', () => {
    const inspections = [serves(current), refused()];

    expect(findingOf(has(current), seen(...inspections))).toMatchObject({ condition: 'unreachable' });
    expect(findingOf(has(current), { inspections, addresses: 'any', requireChain: true })).toMatchObject({
      condition: 'ok',
    });
  });

  test('An address of a family without a route from here does not count', () => {
    const inspection = seen(serves(current), { ...refused('[2001:db8::1]:443'), noRoute: true });

    expect(findingOf(has(current), inspection)).toMatchObject({ condition: 'ok' });
  });

  test.each([{ noRoute: true }, { unavailable: true }] as const)(
    'A target whose probe could not be made is neither drifted nor unreachable: %o',
    (why) => {
      const finding = findingOf(has(current), seen({ ...refused(), ...why }));

      expect(finding).toMatchObject({
        condition: 'not_probed',
        summary: expect.stringContaining('the probe could not be made: '),
      });
    },
  );

  test('A target that refuses one connection is unreachable although another address could not be probed', () => {
    const inspection = seen(refused(), { ...refused('10.0.0.2:443'), unavailable: true });

    expect(findingOf(has(current), inspection)).toMatchObject({ condition: 'unreachable' });
  });

  test('A target that is wrong on some of its addresses has partial drift, which concerns more than one node', () => {
    const inspections = [serves(current), serves(strange, {}, '10.0.0.2:443')];

    expect(findingOf(has(current), seen(...inspections))).toMatchObject({
      condition: 'drift',
      partial: true,
    });
    expect(findingOf(has(current), { inspections, addresses: 'any', requireChain: true })).toMatchObject({
      condition: 'ok',
    });
  });

  test.each([
    [14, 'expiring', 'expires in 14 days'],
    [1, 'expiring', 'expires in 1 day'],
    [-2, 'expired', 'expired 2 days ago'],
  ])('A target that has %i days left is %s', (daysLeft, condition, summary) => {
    expect(findingOf(has(current), seen(serves(current, { daysLeft })))).toMatchObject({
      condition,
      summary,
    });
  });

  test('A target that drifts and is about to expire has drifted, which is more severe', () => {
    expect(findingOf(has(current), seen(serves(strange, { daysLeft: -2 })))).toMatchObject({
      condition: 'drift',
      daysToExpiry: -2,
    });
  });

  test('A target that is not probed is not_probed if the registry has the current version, and outdated if not', () => {
    expect(findingOf(has(current), notProbed)).toMatchObject({ condition: 'not_probed', daysToExpiry: 60 });
    expect(findingOf(has(older), notProbed)).toMatchObject({ condition: 'outdated' });
    expect(findingOf(has(older, { fingerprint: null }), notProbed)).toMatchObject({ condition: 'outdated' });
    expect(findingOf(null, notProbed)).toMatchObject({ condition: 'never_deployed', daysToExpiry: null });
  });

  test('A target of a certificate that was never rolled out should have what it was deployed', () => {
    expect(findingOf(has(older), seen(serves(older)), { current: null })).toMatchObject({ condition: 'ok' });
    expect(findingOf(has(older), seen(serves(strange)), { current: null })).toMatchObject({
      condition: 'drift',
    });
  });

  const underway = (running: boolean) => ({ rollout: { fingerprint: strange, running } });

  test('A target with the version of a halted rollout is ok, and has drifted once it serves the previous one', () => {
    expect(findingOf(has(strange), seen(serves(strange)), underway(false))).toMatchObject({
      condition: 'ok',
    });
    expect(findingOf(has(strange), seen(serves(current)), underway(false))).toMatchObject({
      condition: 'drift',
    });
  });

  test('A target in the middle of a rollout may serve either version', () => {
    for (const version of [strange, current]) {
      for (const known of [strange, current]) {
        expect(findingOf(has(known), seen(serves(version)), underway(true))).toMatchObject({
          condition: 'ok',
        });
      }
    }
    expect(findingOf(has(current), seen(serves(older)), underway(true))).toMatchObject({
      condition: 'drift',
    });
  });
});

test('Whatever is known and seen, a target is ok only when every leaf that counts may be there', () => {
  const leaf = fc.constantFrom(current, older, strange);
  const inspections = fc.array(fc.option(leaf), { minLength: 1, maxLength: 4 });

  fc.assert(
    fc.property(fc.option(leaf), fc.option(leaf), inspections, (believed, wanted, served) => {
      const inspection = seen(...served.map((one) => (one === null ? refused() : serves(one))));
      const known = believed === null ? null : has(believed);

      const { condition } = classify(known, { current: wanted, rollout: null }, inspection, now);

      const expected = wanted ?? believed;
      const right = known !== null && served.every((one) => one === expected);
      expect(condition === 'ok').toBe(right);
    }),
    { numRuns: 500 },
  );
});
