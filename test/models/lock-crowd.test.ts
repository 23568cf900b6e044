import { expect, test } from 'vitest';
import { crowdAtOneLock } from '../../bench/locks.ts';

test('A thousand executions at one lock, over HTTP, hold it one at a time under fences 1 to 1000', {
  timeout: 600_000,
}, async () => {
  const crowd = await crowdAtOneLock(1000);

  expect(crowd.maximumHolders).toBe(1);
  expect(crowd.fences).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  expect(crowd.lastLock).toMatchObject({ owner: null, fence: 1000, requests: 1000 });
});
