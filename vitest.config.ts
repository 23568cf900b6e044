import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**', 'node_modules/**'],
    globalSetup: ['test/global-setup.ts'],
    // No test asserts speed. These limits only end a test that hangs, also on a machine with ten times more load than cores.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // Many tests wait for daemons and processes: two workers a core keep the cores busy.
    maxWorkers: 2 * availableParallelism(),
    sequence: { shuffle: { tests: true, files: false } },
  },
});
