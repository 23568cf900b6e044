import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Test files of these rooms share workers, so that a package is loaded once a worker instead of once a file. */
const sharingRooms = 'test/{account,cdk,cli,core,lambdas,services,triggers}/**/*.test.ts';

/** A file that changes modules or its process needs a worker of its own. So does one whose helpers add
 * hooks when they load, or change globals, as the copy of zod in playwright-core does. */
const changesItsWorker =
  /\bvi\.(mock|doMock|resetModules|spyOn|stub|useFakeTimers|setSystemTime)|\bprocess\.(env|umask|chdir|exitCode)|\/local\/|\/memory-kind\.ts|\/rigs\/browser\.ts/;

const sharing = globSync(sharingRooms, { cwd: import.meta.dirname }).filter(
  (file) => !changesItsWorker.test(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')),
);

// Command lines, workers and the packages that they load are compiled once, not once a process.
process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

export default defineConfig({
  test: {
    globalSetup: ['test/global-setup.ts'],
    // No test asserts speed. These limits only end a test that hangs, also on a machine with ten times more load than cores.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // Many tests wait for daemons and processes: two workers a core keep the cores busy.
    maxWorkers: 2 * availableParallelism(),
    sequence: { shuffle: { tests: true, files: false } },
    projects: [
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['test/**/*.test.ts'],
          exclude: ['test/peers/**', 'node_modules/**', ...sharing],
        },
      },
      { extends: true, test: { name: 'sharing', include: sharing, isolate: false } },
    ],
  },
});
