import { describe, expect, test } from 'vitest';
import {
  findUntrusted,
  isGroupOf,
  type PathFacts,
  type PathReader,
  requireTrusted,
  requireTrustedEntry,
} from '../../../core/paths/trusted-path.ts';
import { group, other, own, passwd, pathCases } from './path-cases.ts';

const trusted = [0, own];

/** A file system that consists of these paths. */
const tree = (paths: Record<string, PathFacts>): PathReader => ({
  facts: (path) => ({ '/': { uid: 0, gid: 0, mode: 0o755, linkTarget: null }, ...paths })[path] ?? null,
  isPrivateGroup: (gid) => trusted.some((uid) => isGroupOf(uid, gid, { passwd, group })),
});

describe('trusted paths', () => {
  test.each(pathCases)('$title', ({ path, paths, untrusted }) => {
    expect(findUntrusted(path, trusted, tree(paths))?.path ?? null).toBe(untrusted);
  });

  test('An entry of a trusted folder is judged without the folder, and a link with everything behind it', () => {
    const reader = tree({
      '/a': { uid: other, gid: 0, mode: 0o777, linkTarget: null },
      '/file': { uid: 0, gid: 0, mode: 0o600, linkTarget: null },
      '/open': { uid: 0, gid: 0, mode: 0o666, linkTarget: null },
      '/link': { uid: 0, gid: 0, mode: 0o777, linkTarget: 'a/b' },
    });
    const entry = (path: string) => () => requireTrustedEntry('the folder', path, trusted, reader);

    expect(entry('/file')).not.toThrow();
    expect(entry('/missing')).not.toThrow();
    expect(entry('/open')).toThrow('/open belongs to uid 0');
    expect(entry('/link')).toThrow('/a belongs to uid 1001');
  });

  test('The error names the component, its owner and its mode, and how to correct it', () => {
    const reader = tree({ '/a': { uid: other, gid: 0, mode: 0o777, linkTarget: null } });

    expect(() => requireTrusted('the state folder', '/a/b', trusted, reader)).toThrow(
      expect.objectContaining({
        name: 'UntrustedPath',
        message: expect.stringMatching(
          /state folder \/a\/b .*\/a belongs to uid 1001.* mode 0777.*chown -h root '\/a'/,
        ),
      }),
    );
  });

  test('Root has no private group, because the bits of the group may be those of an ACL', () => {
    expect(isGroupOf(0, 0, { passwd: 'root:x:0:0::/root:', group: 'root:x:0:' })).toBe(false);
  });

  test.each([
    ['no other user is in it', 'me:x:1000:1000::/:', 'me:x:1000:', true],
    ['it names the user itself', 'me:x:1000:1000::/:', 'me:x:1000:me', true],
    ['it has another member', 'me:x:1000:1000::/:', 'me:x:1000:other', false],
    [
      'it is the primary group of another user',
      'me:x:1000:1000::/:\nother:x:1001:1000::/:',
      'me:x:1000:',
      false,
    ],
    ['it is not the primary group of the user', 'me:x:1000:50::/:', 'me:x:1000:', false],
  ])('A group is private or not: %s', (_, passwd, group, expected) => {
    expect(isGroupOf(own, 1000, { passwd, group })).toBe(expected);
  });
});
