import { randomUUID } from 'node:crypto';
import { Strategy } from '../../../core/registry/strategy.ts';
import type { NewRollout } from '../../../services/rollouts/rollout-begin.ts';
import { fingerprint, source } from './factories.ts';

type Overrides = Omit<Partial<NewRollout>, 'version'> & { readonly version?: string };

export const aCertificateName = () => `api-${randomUUID().slice(0, 8)}.example.com`;

/** A rollout before it has its place. `version` is a name that its fingerprint follows from. */
export function aRollout({ version = 'new', ...overrides }: Overrides = {}): NewRollout {
  const id = overrides.id ?? `rollout-${randomUUID()}`;
  return {
    id,
    executionArn: `arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout:${id}`,
    startedAt: '2026-11-22T12:00:00.000Z',
    certificate: 'api.example.com',
    version: { fingerprint: fingerprint(version), source, notAfter: 1_800_000_000 },
    only: null,
    strategy: Strategy.parse({}),
    ...overrides,
  };
}
