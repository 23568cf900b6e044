import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:dynamodb`: every test that speaks to a database, on AWS's own DynamoDB Local instead of the embedded one:
 * what holds on both is no peculiarity of ours. Left out are two tests of the embedded one's state folder.
 */
export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^.*\/local\/dynamodb\/start\.ts$/,
        replacement: resolve(import.meta.dirname, 'test/peers/dynamodb/start.ts'),
      },
    ],
  },
  test: {
    include: ['test/{lambdas,models,services}/**/*.test.ts', 'test/local/dynamodb.test.ts'],
    testNamePattern: /^(?!.*(refuses a stranger to the state folder|killed in the middle))/,
    globalSetup: ['test/global-setup.ts', 'test/peers/dynamodb/fetch.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    maxWorkers: 2,
  },
});
