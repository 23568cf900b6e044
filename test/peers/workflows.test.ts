import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { peersFolder } from './programs.ts';

/** The wheel of actionlint downloads its binary elsewhere, so the pinned source is built from the Go module proxy. */
const version = 'v1.7.12';
const folder = join(peersFolder, `actionlint-${version}`);
const actionlint = join(folder, 'actionlint');
const root = join(import.meta.dirname, '../..');

describeWith([program('go', 'golang')], 'the workflows of the repository', () => {
  beforeAll(() => {
    if (existsSync(actionlint)) return;
    const module = `github.com/rhysd/actionlint/cmd/actionlint@${version}`;
    const { status, stderr } = spawnSync('go', ['install', module], {
      encoding: 'utf8',
      env: { ...process.env, GOBIN: folder },
    });
    if (status !== 0) throw new Error(`go install ${module} failed: ${stderr}`);
  });

  test('actionlint accepts every workflow of the repository, and that of the example', () => {
    const examples = ['examples/github-actions/rollout.yml'];
    const runs = [[], examples].map((files) => spawnSync(actionlint, files, { cwd: root, encoding: 'utf8' }));

    for (const { status, stdout } of runs) expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
