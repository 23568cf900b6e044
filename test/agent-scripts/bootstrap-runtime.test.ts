import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host } = useBootstrapHost();

/** A host that has run once with a pinned runtime. */
async function prepared() {
  const published = host.publishRuntime('pinned');
  const pins = { runtimeUrl: published.url, runtimeSha256: published.sha256 };
  await host.run(pins);
  const path = join(host.bin, `node-${published.sha256}`);
  return { published, pins, path, record: `${path}.checked` };
}

/** The original content with one byte changed, so that a run on it reports another mark. */
const changed = (path: string) => readFileSync(path, 'utf8').replace('RUNTIME=pinned', 'RUNTIME=hacked');

/** Sets the time of the last change to that of the original. */
function keepTime(path: string, work: () => void): void {
  const { atime, mtime } = statSync(path);
  work();
  utimesSync(path, atime, mtime);
}

/** Each way in which a runtime with the right name is not the pinned one. */
const changes: readonly (readonly [string, (path: string) => void])[] = [
  ['truncated', (path) => truncateSync(path, 20)],
  ['empty', (path) => truncateSync(path, 0)],
  ['overwritten with content of the same size', (path) => writeFileSync(path, changed(path))],
  [
    'overwritten with content of the same size and the same time of change',
    (path) => keepTime(path, () => writeFileSync(path, changed(path))),
  ],
  [
    'replaced by another file of the same size and time',
    (path) =>
      keepTime(path, () => {
        writeFileSync(`${path}.other`, changed(path), { mode: 0o700 });
        renameSync(`${path}.other`, path);
      }),
  ],
  [
    'replaced by a link to another file',
    (path) => {
      writeFileSync(`${path}.other`, changed(path), { mode: 0o700 });
      execFileSync('ln', ['-sf', `${path}.other`, path]);
    },
  ],
  [
    'not executable',
    (path) => {
      writeFileSync(path, changed(path));
      chmodSync(path, 0o600);
    },
  ],
];

describe('the runtime on a host', () => {
  test.each(changes)('Bootstrap fetches a runtime again that is %s', async (_, change) => {
    const { pins, path, published } = await prepared();
    change(path);

    const { stdout, stderr } = await host.run(pins);

    expect(JSON.parse(stdout)).toMatchObject({ runtime: 'pinned' });
    expect(stderr).toContain('has changed since it was fetched; fetching it again');
    expect(readFileSync(path)).toEqual(readFileSync(published.path));
  });

  test('Bootstrap refuses a changed runtime when it cannot fetch it again', async () => {
    const { pins, path, published } = await prepared();
    writeFileSync(path, changed(path));
    rmSync(published.path);

    const ended = await host.run(pins);

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain('could not fetch file:///');
  });

  /** Each way in which the record does not match an intact runtime. */
  const outdatedRecords: readonly (readonly [string, (path: string) => void])[] = [
    ['was restored with its times by cp -p', (path) => restore(path)],
    ['was touched', (path) => utimesSync(path, 1, 1)],
    ['has no record, as after an update of certferry', (path) => rmSync(`${path}.checked`)],
    ['has an empty record, as after a full disk', (path) => truncateSync(`${path}.checked`, 0)],
  ];

  test.each(outdatedRecords)(
    'Bootstrap checks the digest of a runtime that %s, and keeps it',
    async (_, change) => {
      const { pins, path, record, published } = await prepared();
      rmSync(published.path);
      change(path);

      const { status, stdout, stderr } = await host.run(pins, { PATH: host.countingPath('sha256sum') });
      const digests = host.counted('sha256sum');
      await host.run(pins, { PATH: host.countingPath('sha256sum') });

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ runtime: 'pinned' });
      expect(readFileSync(record, 'utf8')).toMatch(/^\d+ \d+ \d+ /);
      // the agent before and after the lock, and the runtime; then only the agent
      expect([digests, host.counted('sha256sum')]).toEqual([3, 1]);
    },
  );

  test('Bootstrap checks the digest of an intact runtime in the first run only', async () => {
    const { pins } = await prepared();

    await host.run(pins, { PATH: host.countingPath('sha256sum') });

    expect(host.counted('sha256sum')).toBe(1);
  });

  test.each([
    ['has no stat', 'exit 127'],
    [
      'reports times in whole seconds',
      'echo "1 2 3 81c0 0 0 2026-01-01 00:00:00.000000000 +0000 2026-01-01 00:00:00.000000000 +0000"',
    ],
    [
      'reports times without a fraction',
      'echo "1 2 3 81c0 0 0 Thu Jan  1 00:00:00 2026 Thu Jan  1 00:00:00 2026"',
    ],
  ])('Bootstrap checks the digest of the runtime in every run on a host that %s', async (_, line) => {
    const published = host.publishRuntime('pinned');
    const pins = { runtimeUrl: published.url, runtimeSha256: published.sha256 };
    const PATH = host.path(['node'], { stat: `#!/bin/sh\n${line}\n` });
    await host.run(pins, { PATH });
    const path = join(host.bin, `node-${published.sha256}`);
    keepTime(path, () => writeFileSync(path, changed(path)));

    const { stdout } = await host.run(pins, { PATH });

    expect(JSON.parse(stdout)).toMatchObject({ runtime: 'pinned' });
    expect(host.cached()).not.toContain(`node-${published.sha256}.checked`);
  });
});

/** Saves the file, overwrites it, and restores it in place with its times. */
function restore(path: string): void {
  const saved = `${path}.saved`;
  execFileSync('cp', ['-p', path, saved]);
  writeFileSync(path, changed(path));
  execFileSync('cp', ['-p', saved, path]);
  rmSync(saved);
}
