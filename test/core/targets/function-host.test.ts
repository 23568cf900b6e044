// The memory kind must be in the table before anything reads it.
import '../../fixtures/memory-kind.ts';
import { expect, test } from 'vitest';
import { memberOf, RegisteredTarget } from '../../../core/targets/registered.ts';

const target = (endpoint: string) => ({
  id: 'store-1',
  certificate: 'api.example.com',
  host: 'lambda',
  kind: 'memory',
  config: { entry: 'api', token: { secretId: 'stores/token' } },
  verify: { endpoint },
});

test('A target with host lambda is registered with a fixed endpoint, and is one target with its own id', () => {
  const registered = RegisteredTarget.parse(target('api.example.com:443'));

  expect(memberOf(registered, { host: 'lambda', address: null })).toMatchObject({
    id: 'store-1',
    host: 'lambda',
    verify: { endpoint: 'api.example.com:443' },
  });
});

test('A target with host lambda is refused with {host} in its endpoint, because a function has no address', () => {
  expect(RegisteredTarget.safeParse(target('{host}:443')).error?.issues).toMatchObject([
    { path: ['verify', 'endpoint'], message: expect.stringContaining('an endpoint without {host}') },
  ]);
});
