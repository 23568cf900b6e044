import { expect, test } from 'vitest';
import { expectLocal } from '../../local/backend/expect-local.ts';

test('Local mode refuses a target of kind acm, which needs the role of a function, and names the option', () => {
  const check = () => expectLocal({ id: 'www-alb', kind: 'acm', host: 'lambda' });

  expect(check).toThrow(
    'target www-alb is of kind acm, which needs the role of a function and does not work in local mode. Use --stack.',
  );
});

test('Local mode refuses a target that selects its hosts, and accepts those with a host or a store', () => {
  expect(() => expectLocal({ id: 'web', kind: 'nginx', host: { tags: { role: 'web' } } })).toThrow('by tags');
  expect(() => expectLocal({ id: 'web', kind: 'nginx', host: 'local' })).not.toThrow();
  expect(() => expectLocal({ id: 'device', kind: 'f5', host: 'lambda' })).not.toThrow();
});
