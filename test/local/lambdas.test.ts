import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLambdas } from '../../local/functions/lambdas.ts';
import { scratch } from './scratch.ts';
import { tinyLambdas } from './tiny-lambdas.ts';

const dies =
  'export const handler = () => new Promise(() => setImmediate(() => { throw new Error("dead"); }));';
const answers =
  'export const handler = async () => new Promise((done) => setTimeout(done, 300, "answered"));';

test('A thread that dies does not take the calls with it that its successor serves', async () => {
  const data = scratch();
  const lambdas = openLambdas({
    folder: tinyLambdas({ dies, answers }),
    database: join(data, 'database.sqlite'),
    environment: {},
    log: join(data, 'lambda.log'),
  });
  onTestFinished(() => lambdas.close());

  // the successor starts at once, before the end of the dead thread is reported
  const next = lambdas.invoke('dies', {}).catch(() => lambdas.invoke('answers', {}));

  expect(await next).toBe('answered');
  expect(await lambdas.invoke('answers', {})).toBe('answered');
});
