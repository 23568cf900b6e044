import { defineConfig } from 'vitest/config';

/** `npm run test:peers`: the daemons that no Debian package has, fetched on the first run. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts', 'test/peers/fetch.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
