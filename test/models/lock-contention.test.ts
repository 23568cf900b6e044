import { expect, test } from 'vitest';
import { contendForOneLock } from '../../bench/locks.ts';

test('A thousand executions at one lock, over HTTP, hold it one at a time under fences 1 to 1000', {
  timeout: 600_000,
}, async () => {
  const contention = await contendForOneLock(1000);

  expect(contention.maximumHolders).toBe(1);
  expect(contention.fences).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  expect(contention.lastLock).toMatchObject({ owner: null, fence: 1000, requests: 1000 });
});
