import { defineConfig } from 'vitest/config';

/** `npm run test:peers`: the daemons that no Debian package has, fetched on the first run. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.test.ts'],
    // on DynamoDB Local only: vitest.dynamodb.config.ts
    exclude: ['test/peers/dynamodb/**'],
    globalSetup: ['test/global-setup.ts', 'test/peers/fetch.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    maxWorkers: 2,
  },
});
