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
const unlooked: EndpointInspection = { notInspected: 'the target says verify: none' };

describe('what is said of a target that', () => {
  const told = (
    known: KnownVersion | null,
    sight: EndpointInspection,
    changes: Partial<ExpectedVersions> = {},
  ) => classify(known, { ...due, ...changes }, sight, now);

  test('serves the current version: ok', () => {
    expect(told(has(current), seen(serves(current)))).toEqual({
      condition: 'ok',
      partial: false,
      daysToExpiry: 60,
      summary: expect.stringMatching(/^serves sha256:/),
    });
  });

  test('serves a leaf that nobody knows: drift', () => {
    expect(told(has(current), seen(serves(strange)))).toMatchObject({ condition: 'drift', partial: false });
  });

  test('still serves what it had before a deployment that failed: behind', () => {
    expect(told(has(older), seen(serves(older)))).toMatchObject({ condition: 'outdated' });
  });

  test('serves the current version though its last deployment was lost: ok', () => {
    expect(told(has(current, { fingerprint: null }), seen(serves(current)))).toMatchObject({
      condition: 'ok',
    });
  });

  test('serves an older one after a deployment that was lost: drift, for nobody knows what it has', () => {
    expect(told(has(older, { fingerprint: null }), seen(serves(older)))).toMatchObject({
      condition: 'drift',
    });
  });

  test('was never deployed to: never_deployed, with the age of what it serves', () => {
    expect(told(null, seen(serves(strange, { daysLeft: 3 })))).toMatchObject({
      condition: 'never_deployed',
      daysToExpiry: 3,
    });
  });

  test('serves its leaf without its intermediate: chain_incomplete', () => {
    expect(told(has(current), seen(serves(current, { chain: [] })))).toMatchObject({
      condition: 'chain_incomplete',
    });
  });

  test('need not send a chain: ok without it', () => {
    const sight: EndpointInspection = {
      inspections: [serves(current, { chain: [] })],
      addresses: 'all',
      requireChain: false,
    };

    expect(told(has(current), sight)).toMatchObject({ condition: 'ok' });
  });

  test('does not answer: unreachable, with the age that the registry knows', () => {
    expect(told(has(current), seen(refused()))).toMatchObject({ condition: 'unreachable', daysToExpiry: 60 });
  });

  test('answers on one of two addresses: unreachable where all have to be right, ok where one will do', () => {
    const inspections = [serves(current), refused()];

    expect(told(has(current), seen(...inspections))).toMatchObject({ condition: 'unreachable' });
    expect(told(has(current), { inspections, addresses: 'any', requireChain: true })).toMatchObject({
      condition: 'ok',
    });
  });

  test('has an address of a family without a route from here: that one does not count', () => {
    const sight = seen(serves(current), { ...refused('[2001:db8::1]:443'), noRoute: true });

    expect(told(has(current), sight)).toMatchObject({ condition: 'ok' });
    expect(told(has(current), seen({ ...refused(), noRoute: true }))).toMatchObject({
      condition: 'unreachable',
    });
  });

  test('is wrong on one of its addresses only: partial drift, which is more than one node', () => {
    const inspections = [serves(current), serves(strange, {}, '10.0.0.2:443')];

    expect(told(has(current), seen(...inspections))).toMatchObject({ condition: 'drift', partial: true });
    expect(told(has(current), { inspections, addresses: 'any', requireChain: true })).toMatchObject({
      condition: 'ok',
    });
  });

  test.each([
    [14, 'expiring', 'expires in 14 days'],
    [1, 'expiring', 'expires in 1 day'],
    [-2, 'expired', 'expired 2 days ago'],
  ])('has %i days left: %s', (daysLeft, condition, summary) => {
    expect(told(has(current), seen(serves(current, { daysLeft })))).toMatchObject({ condition, summary });
  });

  test('drifts and is old: drift, which is the worse', () => {
    expect(told(has(current), seen(serves(strange, { daysLeft: -2 })))).toMatchObject({
      condition: 'drift',
      daysToExpiry: -2,
    });
  });

  test('nobody looks at: not_probed where the registry has the current version, behind where it has not', () => {
    expect(told(has(current), unlooked)).toMatchObject({ condition: 'not_probed', daysToExpiry: 60 });
    expect(told(has(older), unlooked)).toMatchObject({ condition: 'outdated' });
    expect(told(has(older, { fingerprint: null }), unlooked)).toMatchObject({ condition: 'outdated' });
    expect(told(null, unlooked)).toMatchObject({ condition: 'never_deployed', daysToExpiry: null });
  });

  test('belongs to a certificate that was never rolled out: what it was deployed is what it should have', () => {
    expect(told(has(older), seen(serves(older)), { current: null })).toMatchObject({ condition: 'ok' });
    expect(told(has(older), seen(serves(strange)), { current: null })).toMatchObject({
      condition: 'drift',
    });
  });

  const underway = (running: boolean) => ({ rollout: { fingerprint: strange, running } });

  test('has what a halted rollout brought it: ok, and drift once it serves the version before', () => {
    expect(told(has(strange), seen(serves(strange)), underway(false))).toMatchObject({ condition: 'ok' });
    expect(told(has(strange), seen(serves(current)), underway(false))).toMatchObject({
      condition: 'drift',
    });
  });

  test('is in the middle of a rollout: either version will do', () => {
    for (const version of [strange, current]) {
      for (const known of [strange, current]) {
        expect(told(has(known), seen(serves(version)), underway(true))).toMatchObject({ condition: 'ok' });
      }
    }
    expect(told(has(current), seen(serves(older)), underway(true))).toMatchObject({ condition: 'drift' });
  });
});

test('whatever is known and seen, a target is ok only when every leaf that counts may be there', () => {
  const leaf = fc.constantFrom(current, older, strange);
  const inspections = fc.array(fc.option(leaf), { minLength: 1, maxLength: 4 });

  fc.assert(
    fc.property(fc.option(leaf), fc.option(leaf), inspections, (believed, wanted, served) => {
      const sight = seen(...served.map((one) => (one === null ? refused() : serves(one))));
      const known = believed === null ? null : has(believed);

      const { condition } = classify(known, { current: wanted, rollout: null }, sight, now);

      const expected = wanted ?? believed;
      const right = known !== null && served.every((one) => one === expected);
      expect(condition === 'ok').toBe(right);
    }),
    { numRuns: 500 },
  );
});
