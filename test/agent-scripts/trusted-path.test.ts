import { chmodSync } from 'node:fs';
import { normalize } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { pathReader } from '../../core/paths/path-reader.ts';
import { findUntrusted, type PathFacts } from '../../core/paths/trusted-path.ts';
import { own, type PathCase, pathCases } from '../core/paths/path-cases.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { BootstrapHost, shells } from './bootstrap-host.ts';
import { asUser, type PathTree, pathTree } from './path-tree.ts';

const needs = [root, program('setfacl', 'acl'), program('setpriv', 'util-linux')];

function theTree(paths: Parameters<typeof pathTree>[0]): PathTree {
  const tree = pathTree(paths);
  onTestFinished(() => tree.remove());
  return tree;
}

describeWith(needs, 'trusted paths on the file system', () => {
  test.each(pathCases)('The agent on real files: $title', ({ path, paths, untrusted }) => {
    const tree = theTree({ paths });

    const found = findUntrusted(tree.base + path, [0, own], pathReader([0, own], tree.etc));

    expect(found?.path ?? null).toBe(untrusted === null ? null : tree.base + untrusted);
  });

  const host = new BootstrapHost().create();
  chmodSync(host.root, 0o755);
  afterAll(() => host.remove());

  /** The component that bootstrap refuses. */
  async function refused(one: PathCase, shell: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const tree = theTree(one);
    const { stderr } = await host.run({ home: tree.base + one.path }, env, [...asUser(own, tree), ...shell]);
    const [, component] = /UntrustedPath: .* is not used: (.*) belongs to uid /.exec(stderr) ?? [];
    return component === undefined ? null : normalize(component).slice(tree.base.length);
  }

  const cases = shells.flatMap((shell) => pathCases.map((one) => ({ ...one, shell, name: shell.join(' ') })));
  test.each(cases)('Bootstrap under $name: $title', async ({ shell, ...one }) => {
    expect(await refused(one, shell)).toBe(one.untrusted);
  });

  const isGroupWritable = ([, { mode, linkTarget }]: readonly [string, PathFacts]) =>
    (mode & 0o1020) === 0o020 && linkTarget === null;
  describeWith([program('busybox')], 'programs of BusyBox', () => {
    test.each(pathCases)('Bootstrap with the programs of BusyBox: $title', async (one) => {
      const PATH = host.busyboxPath(['node']);
      // its ls does not show access lists, so no group may write
      const groupWritable = Object.entries(one.paths).find(isGroupWritable)?.[0];

      expect(await refused(one, ['busybox', 'sh'], { PATH })).toBe(one.untrusted ?? groupWritable ?? null);
    });
  });
});
