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
  finding: { condition, partial: false, daysToExpiry: 60, served: null, summary: 'said', ...changes.finding },
});

describe('a target with autoHeal', () => {
  test.each(['drift', 'outdated', 'chain_incomplete'] as const)(
    'A target with autoHeal is healed: %s',
    (condition) => {
      expect(reasonNotToHeal(aCandidate(condition))).toBeNull();
    },
  );

  test.each(['ok', 'not_probed', 'unreachable', 'expired', 'expiring'] as const)(
    'A target with autoHeal is not healed: %s',
    (condition) => {
      expect(reasonNotToHeal(aCandidate(condition))).not.toBeNull();
    },
  );

  test.each([true, false])(
    'A target gets its first deployment if its hosts are selected, and not if a host is named, with autoHeal: %s',
    (autoHeal) => {
      const never = { last: null, autoHeal };

      expect(reasonNotToHeal(aCandidate('never_deployed', { ...never, onSeveralHosts: true }))).toBeNull();
      expect(reasonNotToHeal(aCandidate('never_deployed', never))).toMatch(/roll out the certificate/);
    },
  );

  test('A first deployment does not wait for a maintenance window, unless another target is healed with it', () => {
    const [first, drifted] = [aCandidate('never_deployed'), aCandidate('drift')];

    expect(healingRequest('api.example.com', [first])).toMatchObject({ urgent: true });
    expect(healingRequest('api.example.com', [first, drifted])).toMatchObject({ urgent: false });
  });

  test('A target with autoHeal is not healed if only some of its addresses are wrong, because a deployment could not be verified', () => {
    expect(reasonNotToHeal(aCandidate('drift', { finding: { partial: true } }))).toMatch(/other hosts/);
  });

  test('A target with autoHeal is not healed if its last rollback failed, because manual action is required', () => {
    expect(
      reasonNotToHeal(
        aCandidate('outdated', { last: { outcome: 'rolled_back_unverified', rollout: 'r-1' } }),
      ),
    ).toBe('its last rollback is not verified: manual action required');
    expect(
      reasonNotToHeal(aCandidate('outdated', { last: { outcome: 'rollback_failed', rollout: 'r-1' } })),
    ).toMatch(/manual action/);
  });

  test('A target with autoHeal keeps a version that an operator deployed, and no other foreign version', () => {
    const byHand = { last: { outcome: 'deployed', rollout: null } };

    expect(reasonNotToHeal(aCandidate('outdated', byHand))).toMatch(/an operator deployed/);
    expect(reasonNotToHeal(aCandidate('drift', byHand))).toBeNull();
    expect(
      reasonNotToHeal(aCandidate('outdated', { last: { outcome: 'rolled_back', rollout: null } })),
    ).toBeNull();
  });
});

test('A target without autoHeal is only reported', () => {
  expect(reasonNotToHeal(aCandidate('drift', { autoHeal: false }))).toMatch(/autoHeal/);
});

describe('the rollout that heals', () => {
  test('The healing rollout deploys the current version to those targets and hosts, without approval', () => {
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

  test('The rollout that heals fits into an execution’s input however many targets there are', () => {
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

  test('The healing rollout is refused with an explanation if its list of targets is too long for a state', () => {
    const hosts = Array.from({ length: 3000 }, (_, at) => `i-${String(at).padStart(17, '0')}`);

    const parsed = RolloutRequest.safeParse({ certificate: 'api.example.com', only: { hosts } });

    expect(parsed.error?.issues[0]?.message).toMatch(/start several rollouts/);
  });

  test('The rollout that heals has one name within an hour, another for another certificate, and always one that an execution may have', () => {
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
