import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:dynamodb`: every test that uses a database, on AWS's own DynamoDB Local instead of the engine of local mode.
 * What holds on both is no peculiarity of the engine. `same-answers` compares the two call by call.
 */
export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^.*\/fakes\/dynamodb\/start\.ts$/,
        replacement: resolve(import.meta.dirname, 'test/peers/dynamodb/start.ts'),
      },
    ],
  },
  test: {
    include: [
      'test/{lambdas,models,services}/**/*.test.ts',
      'test/local/dynamodb*.test.ts',
      'test/peers/dynamodb/*.test.ts',
    ],
    globalSetup: ['test/global-setup.ts', 'test/peers/dynamodb/fetch.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    maxWorkers: 2,
  },
});
