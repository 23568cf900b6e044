import { expect, test } from 'vitest';
import { expectLocal } from '../../local/backend/expect-local.ts';

const without = { aws: false };

test('Local mode refuses a target of kind acm without AWS credentials, and names the option that permits it', () => {
  const target = { id: 'www-alb', kind: 'acm', host: 'lambda' } as const;

  expect(() => expectLocal(target, without)).toThrow(
    'target www-alb is of kind acm, and local mode uses no AWS credentials by itself. Name a profile of your AWS configuration with --aws-credentials PROFILE, or use --stack.',
  );
  expect(() => expectLocal(target, { aws: true })).not.toThrow();
});

test('Local mode refuses a target of kind acm on a host, whose agent gets no AWS credentials', () => {
  const check = () => expectLocal({ id: 'www-alb', kind: 'acm', host: 'local' }, { aws: true });

  expect(check).toThrow('works in local mode only with host: lambda');
});

test('Local mode refuses a target that selects its hosts, and accepts those with a host or a store', () => {
  const check = (target: Parameters<typeof expectLocal>[0]) => () => expectLocal(target, without);

  expect(check({ id: 'web', kind: 'nginx', host: { tags: { role: 'web' } } })).toThrow('by tags');
  expect(check({ id: 'web', kind: 'nginx', host: 'local' })).not.toThrow();
  expect(check({ id: 'device', kind: 'f5', host: 'lambda' })).not.toThrow();
});
