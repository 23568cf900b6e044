import { describe, expect, test } from 'vitest';
import { byUrgency, knownLeaf, needsAction, withFindings } from '../../../core/drift/target-status.ts';
import { anOutdatedStatus, aStatus } from '../../fixtures/target-statuses.ts';

const last = (outcome: string) => ({ deploymentId: 'd', outcome, at: '2026-11-22T04:15:00.000Z' });

describe('the status of a target', () => {
  test.each([
    ['a current version that was not probed', aStatus(), false],
    ['a probed version without a problem', aStatus({ condition: 'ok' }), false],
    ['a certificate that expires soon', aStatus({ condition: 'expiring' }), true],
    ['a target without a deployment', aStatus({ condition: 'never_deployed', lastDeployment: null }), true],
    ['a deployment that was rolled back', aStatus({ lastDeployment: last('rolled_back') }), true],
    ['a deployment without a verified probe', aStatus({ lastDeployment: last('deployed_unprobed') }), true],
    ['an outcome that this version does not know', aStatus({ lastDeployment: last('new_outcome') }), true],
  ])('Action is needed or not: %s', (_, status, expected) => {
    expect(needsAction(status)).toBe(expected);
  });

  test('The most urgent comes first: problems by severity, then what expires first, then the id', () => {
    const sorted = [
      aStatus({ targetId: 'web-9' }),
      aStatus({ targetId: 'web-3' }),
      aStatus({ targetId: 'soon', notAfter: 2 }),
      aStatus({ targetId: 'unknown', notAfter: null }),
      aStatus({ targetId: 'sooner', served: { fingerprint: 'sha256:other', notAfter: 1 } }),
      aStatus({ targetId: 'failed', lastDeployment: last('lost') }),
      anOutdatedStatus(),
      aStatus({ targetId: 'down', condition: 'unreachable' }),
    ].sort(byUrgency);

    expect(sorted.map(({ targetId }) => targetId)).toEqual([
      'down',
      'web-2',
      'failed',
      'sooner',
      'soon',
      'web-3',
      'web-9',
      'unknown',
    ]);
  });

  test('The finding of a probe replaces condition, summary, days and leaf, and leaves targets that were not probed', () => {
    const served = { fingerprint: 'sha256:other', notAfter: 3 };
    const finding = {
      condition: 'drift',
      summary: '10.0.0.1:443 serves another leaf',
      daysToExpiry: 3,
      served,
    };

    const [first, second] = withFindings(
      [aStatus(), aStatus({ targetId: 'web-2' })],
      new Map([['web-1', finding]]),
    );

    expect(first).toEqual({ ...aStatus(), ...finding });
    expect(second).toEqual(aStatus({ targetId: 'web-2' }));
    expect([first, second].map((one) => one && knownLeaf(one))).toEqual([
      served,
      { fingerprint: aStatus().fingerprint, notAfter: aStatus().notAfter },
    ]);
  });
});
