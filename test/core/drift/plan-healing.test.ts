import { describe, expect, test } from 'vitest';
import type { Condition, Finding } from '../../../core/drift/finding.ts';
import {
  type HealingCandidate,
  healingName,
  healingRequest,
  limitToOneRollout,
  reasonNotToHeal,
} from '../../../core/drift/plan-healing.ts';
import { RolloutId, RolloutRequest } from '../../../core/rollout/rollout.ts';

const aCandidate = (
  condition: Condition,
  changes: Omit<Partial<HealingCandidate>, 'finding'> & { finding?: Partial<Finding> } = {},
): HealingCandidate => ({
  registeredId: 'web',
  host: 'i-0123456789abcdef0',
  autoHeal: true,
  onSeveralHosts: false,
  last: { outcome: 'deployed', rollout: 'r-1' },
  ...changes,
  finding: { condition, partial: false, daysToExpiry: 60, summary: 'said', ...changes.finding },
});

describe('a target that says autoHeal', () => {
  test.each(['drift', 'outdated', 'chain_incomplete'] as const)('is deployed to again: %s', (condition) => {
    expect(reasonNotToHeal(aCandidate(condition))).toBeNull();
  });

  test.each(['ok', 'not_probed', 'unreachable', 'expired', 'expiring'] as const)(
    'is left alone: %s',
    (condition) => {
      expect(reasonNotToHeal(aCandidate(condition))).not.toBeNull();
    },
  );

  test('gets its first deployment where its hosts come and go, not where a host is named', () => {
    const never = { last: null };

    expect(reasonNotToHeal(aCandidate('never_deployed', { ...never, onSeveralHosts: true }))).toBeNull();
    expect(reasonNotToHeal(aCandidate('never_deployed', never))).toMatch(/roll out the certificate/);
  });

  test('is left alone when only some of its addresses are wrong: a deployment could not be verified', () => {
    expect(reasonNotToHeal(aCandidate('drift', { finding: { partial: true } }))).toMatch(/other hosts/);
  });

  test('is left alone when its last rollback failed: a person is needed', () => {
    expect(
      reasonNotToHeal(aCandidate('outdated', { last: { outcome: 'rollback_failed', rollout: 'r-1' } })),
    ).toMatch(/manual action/);
  });

  test('keeps the version that a person put there, but not what somebody else did', () => {
    const byHand = { last: { outcome: 'deployed', rollout: null } };

    expect(reasonNotToHeal(aCandidate('outdated', byHand))).toMatch(/an operator deployed/);
    expect(reasonNotToHeal(aCandidate('drift', byHand))).toBeNull();
    expect(
      reasonNotToHeal(aCandidate('outdated', { last: { outcome: 'rolled_back', rollout: null } })),
    ).toBeNull();
  });
});

test('a target that does not say autoHeal is only told of', () => {
  expect(reasonNotToHeal(aCandidate('drift', { autoHeal: false }))).toMatch(/autoHeal/);
});

describe('the rollout that heals', () => {
  test('is for the current version, on those targets and hosts, and asks nobody', () => {
    const patients = [
      aCandidate('drift'),
      aCandidate('outdated', { registeredId: 'api', host: 'i-0aaaaaaaaaaaaaaa0' }),
      aCandidate('drift', { host: 'i-0bbbbbbbbbbbbbbb0' }),
    ];

    const request = healingRequest('api.example.com', patients);

    expect(request).toEqual({
      certificate: 'api.example.com',
      version: 'current',
      only: {
        targets: ['api', 'web'],
        hosts: ['i-0123456789abcdef0', 'i-0aaaaaaaaaaaaaaa0', 'i-0bbbbbbbbbbbbbbb0'],
      },
      reason: 'drift sweep: 2 drift, 1 outdated',
      repeat: true,
      urgent: false,
      strategy: {
        waves: [1, '100%'],
        toleratedFailures: '100%',
        pauseSeconds: 0,
        approvalAfterWave: 0,
        onHalt: 'stop',
      },
    });
    expect(RolloutRequest.parse(request)).toEqual(request);
  });

  test('fits into an execution’s input however many targets there are', () => {
    const patients = Array.from({ length: 10_000 }, (_, at) =>
      aCandidate('drift', {
        registeredId: `${'x'.repeat(58)}${at}`,
        host: `123456789012/ap-southeast-1/mi-${String(at).padStart(17, '0')}`,
      }),
    );

    const request = healingRequest('api.example.com', limitToOneRollout(patients));

    expect(request.only?.targets?.length).toBeGreaterThan(400);
    expect(RolloutRequest.parse(request)).toEqual(request);
  });

  test('is refused, in words, where a part is too long to be told twice to one state', () => {
    const hosts = Array.from({ length: 3000 }, (_, at) => `i-${String(at).padStart(17, '0')}`);

    const parsed = RolloutRequest.safeParse({ certificate: 'api.example.com', only: { hosts } });

    expect(parsed.error?.issues[0]?.message).toMatch(/several rollouts for more/);
  });

  test('has one name within an hour, another for another certificate, and always one that an execution may have', () => {
    const at = (time: string) => new Date(`2026-11-22T${time}Z`);
    const name = healingName('*.example.com', at('12:00:00'));

    expect(healingName('*.example.com', at('12:59:59'))).toBe(name);
    expect(healingName('*.example.com', at('13:00:00'))).not.toBe(name);
    expect(healingName('a.example.com', at('12:00:00'))).not.toBe(
      healingName('a-example.com', at('12:00:00')),
    );
    expect(RolloutId.safeParse(healingName('x'.repeat(253), at('12:00:00'))).success).toBe(true);
  });
});
