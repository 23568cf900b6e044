import { Certificate } from '../../../core/registry/certificate.ts';
import { Strategy, type StrategyOverrides } from '../../../core/registry/strategy.ts';
import type { RolloutState } from '../../../core/rollout/rollout.ts';
import { RegisteredTarget } from '../../../core/targets/registered.ts';
import { firstState } from '../../../lambdas/rollout/first-state.ts';
import type { Installed } from '../../../services/registry/installed.ts';
import type { WaveResult } from '../../../services/rollouts/wave-files.ts';
import type { FakeRolloutServices } from '../../fakes/rollout-services.ts';
import { facts, fingerprint, source } from './factories.ts';

export const certificateName = 'api.example.com';
export const rolloutId = 'r-1';

/** The context object of an execution of the rollout. */
export const execution = {
  id: `arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout:${rolloutId}`,
  name: rolloutId,
  startedAt: '2026-11-22T11:59:00.000Z',
};

export const hostOf = (number: number) => `i-${String(number).padStart(17, '0')}`;
export const idOf = (number: number) => `web-${String(number).padStart(3, '0')}`;

export function aRegisteredTarget(number: number, overrides: Record<string, unknown> = {}): RegisteredTarget {
  return RegisteredTarget.parse({
    id: idOf(number),
    certificate: certificateName,
    host: hostOf(number),
    kind: 'nginx',
    config: { certPath: '/etc/tls/fullchain.pem', keyPath: '/etc/tls/privkey.pem' },
    verify: { endpoint: '10.0.0.7:443', serverName: certificateName },
    ...overrides,
  });
}

/** A certificate with so many targets, each on a host of its own that is online and has the old version. */
export function withFleet(by: FakeRolloutServices, size: number): void {
  by.catalogue.known.set(certificateName, Certificate.parse({ name: certificateName }));
  for (let number = 0; number < size; number += 1) {
    const target = aRegisteredTarget(number);
    by.catalogue.registered.push(target);
    by.fleet.hosts.set(JSON.stringify(target.host), [{ host: hostOf(number), address: null, online: true }]);
    install(by, idOf(number), 'old');
  }
}

/** What a target has from now on; `version` null: nobody knows. */
export function install(
  by: FakeRolloutServices,
  targetId: string,
  version: string | null,
  overrides: Partial<Installed> = {},
): void {
  by.installed.has.set(targetId, {
    targetId,
    certificate: certificateName,
    host: hostOf(0),
    fingerprint: version === null ? null : fingerprint(version),
    notAfter: null,
    outcome: 'deployed',
    deploymentId: 'd-1',
    rollout: 'earlier',
    fence: 1,
    at: '2026-11-01T00:00:00.000Z',
    ...overrides,
  });
}

type Parts = { [Key in keyof RolloutState]?: Partial<RolloutState[Key]> | null } & {
  strategy?: StrategyOverrides;
};

/** The state of a rollout that has begun and is known to the registry. */
export function aBegunState(by: FakeRolloutServices, parts: Parts = {}): RolloutState {
  const { strategy = {}, rollout, wave, judgement, ...rest } = parts;
  const first = firstState(
    {
      id: rolloutId,
      executionArn: execution.id,
      startedAt: execution.startedAt,
      certificate: certificateName,
      version: { fingerprint: fingerprint('new'), source, notAfter: 1_800_000_000 },
      facts: facts('new'),
      sequence: 1,
      only: null,
      repeat: false,
      urgent: false,
      reason: 'asked for',
      strategy: Strategy.parse(strategy),
      serviceEndpoints: [],
      ...rollout,
    },
    by.files.placeOf({ rolloutId, wave: 1, plan: 'none' }),
  );
  by.rollouts.controls.set(rolloutId, {
    id: rolloutId,
    executionArn: execution.id,
    certificate: certificateName,
    fingerprint: fingerprint('new'),
    sequence: 1,
    startedAt: execution.startedAt,
    status: 'running',
    reason: null,
    supersededBy: null,
    failures: 0,
    tolerated: 0,
    outcome: null,
    summary: null,
    redriveCount: 0,
  });
  return {
    ...first,
    wave: { ...first.wave, ...wave },
    judgement: { ...first.judgement, ...judgement },
    ...(rest as Partial<RolloutState>),
  };
}

const failing = ['lost', 'rolled_back', 'rollback_failed', 'rejected', 'validate_failed', 'reload_failed'];

export function aResult(targetId: string, outcome: string): WaveResult {
  const status = failing.includes(outcome) ? 'FAILED' : 'SUCCEEDED';
  return { targetId, executionArn: `arn:${targetId}`, status, outcome, summary: `it ${outcome}` };
}
