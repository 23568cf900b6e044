import { mergeStrategies } from '../../core/registry/strategy.ts';
import type { RolloutState } from '../../core/rollout/rollout.ts';

const place = { bucket: 'certferry-work', key: 'rollouts/r/wave-1' };

/** The state that the tasks of a rollout return. Default: the first of three waves has been judged. */
export function aRolloutState({
  wave = {},
  judgement = {},
  ...rest
}: Partial<Omit<RolloutState, 'wave' | 'judgement'>> & {
  wave?: Partial<RolloutState['wave']>;
  judgement?: Partial<RolloutState['judgement']>;
} = {}): RolloutState {
  return {
    rollout: {
      id: 'r',
      executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout:r',
      startedAt: '2026-11-22T04:15:00.000Z',
      certificate: 'api.example.com',
      version: {
        fingerprint: `sha256:${'ab'.repeat(32)}`,
        source: { kind: 'secretsmanager', secretId: 'certferry/api', versionId: 'v1' },
        notAfter: 1_900_000_000,
      },
      facts: {
        fingerprint: `sha256:${'ab'.repeat(32)}`,
        chain: [],
        keyAlgorithm: 'ec',
        notAfter: 1_900_000_000,
      },
      sequence: 1,
      repeat: false,
      only: null,
      urgent: false,
      reason: 'requested',
      strategy: mergeStrategies({}),
      serviceEndpoints: [],
    },
    wave: {
      verdict: 'deploy',
      direction: 'forward',
      number: 1,
      step: 0,
      waitSeconds: 0,
      hold: { until: 0, planAt: 0, checks: 0 },
      count: 1,
      reached: 0,
      total: 10,
      items: place,
      results: place,
      maxConcurrency: 50,
      refused: 0,
      unresolved: null,
      previousVersions: [],
      plans: ['p1'],
      summary: 'wave 1 (1): 1 of 10 targets, 0 already reached',
      ...wave,
    },
    deployed: null,
    judgement: {
      verdict: 'next',
      attempt: 0,
      sinceWave: 0,
      waitSeconds: 0,
      failed: 0,
      tolerated: 1,
      summary: 'wave 1: 1 of 1 succeeded',
      reason: null,
      ...judgement,
    },
    approval: null,
    halt: null,
    failure: null,
    ...rest,
  };
}
