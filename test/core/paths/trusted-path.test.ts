import { describe, expect, test } from 'vitest';
import {
  findUntrusted,
  isGroupOf,
  type PathFacts,
  type PathReader,
  requireTrusted,
} from '../../../core/paths/trusted-path.ts';

const own = 1000;
const other = 1001;
const trusted = [0, own];

const folder = (uid = 0, mode = 0o755, gid = 0): PathFacts => ({ uid, gid, mode, linkTarget: null });
const link = (linkTarget: string, uid = 0): PathFacts => ({ uid, gid: 0, mode: 0o777, linkTarget });

/** A file system that consists of these paths. Group 1000 contains only the user 1000. */
const tree = (paths: Record<string, PathFacts>): PathReader => ({
  facts: (path) => ({ '/': folder(), ...paths })[path] ?? null,
  isPrivateGroup: (gid) => gid === 1000,
});
const untrustedIn = (path: string, paths: Record<string, PathFacts>) =>
  findUntrusted(path, trusted, tree(paths))?.path ?? null;

describe('trusted paths', () => {
  test('A path whose components belong to root or to the own user, and that only they can write, is trusted', () => {
    expect(
      untrustedIn('/home/me/state', {
        '/home': folder(),
        '/home/me': folder(own, 0o700),
        '/home/me/state': folder(own, 0o700),
      }),
    ).toBeNull();
  });

  test('A folder that belongs to another user is untrusted, whatever its mode', () => {
    expect(untrustedIn('/a/b', { '/a': folder(other, 0o700), '/a/b': folder() })).toBe('/a');
  });

  test.each([
    ['everyone', folder(0, 0o777)],
    ['a group', folder(0, 0o775)],
  ])('A folder into which %s can write is untrusted', (_, facts) => {
    expect(untrustedIn('/a/b', { '/a': facts, '/a/b': folder() })).toBe('/a');
  });

  test('The own group may write if it contains no other user', () => {
    expect(untrustedIn('/a', { '/a': folder(own, 0o775, 1000) })).toBeNull();
  });

  test('A sticky folder is trusted only if the next component belongs to a trusted user', () => {
    const tmp = folder(0, 0o1777);

    expect(untrustedIn('/tmp/state', { '/tmp': tmp, '/tmp/state': folder(own, 0o700) })).toBeNull();
    expect(untrustedIn('/tmp/state', { '/tmp': tmp, '/tmp/state': folder(other, 0o700) })).toBe('/tmp/state');
    expect(untrustedIn('/tmp', { '/tmp': tmp })).toBe('/tmp');
  });

  test('A symbolic link is trusted if its owner, its folder and everything behind it are trusted', () => {
    const live = { '/live': link('archive/1'), '/archive': folder(), '/archive/1': folder() };

    expect(untrustedIn('/live/cert', live)).toBeNull();
    expect(untrustedIn('/live/cert', { ...live, '/live': link('archive/1', other) })).toBe('/live');
    expect(untrustedIn('/live/cert', { ...live, '/archive': folder(other) })).toBe('/archive');
    expect(untrustedIn('/a/b', { '/a': folder(), '/a/b': link('../x/y'), '/x': folder(0, 0o777) })).toBe(
      '/x',
    );
  });

  test('Links in a circle end the search, and the path is untrusted', () => {
    expect(untrustedIn('/a', { '/a': link('/b'), '/b': link('/a') })).not.toBeNull();
  });

  test('Components that do not exist are trusted', () => {
    expect(untrustedIn('/a/b/c', { '/a': folder() })).toBeNull();
  });

  test('The error names the component, its owner and its mode, and how to correct it', () => {
    const reader = tree({ '/a': folder(other, 0o777) });

    expect(() => requireTrusted('the state folder', '/a/b', trusted, reader)).toThrow(
      expect.objectContaining({
        name: 'UntrustedPath',
        message: expect.stringMatching(
          /state folder \/a\/b .*\/a belongs to uid 1001.* mode 0777.*chown root '\/a'/,
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
