import type { PathFacts } from '../../../core/paths/trusted-path.ts';

/** The running user, whose group 1000 contains no other user. */
export const own = 1000;
export const other = 1001;

/** The tables of a host with both users. Group 2000 contains both. */
export const passwd = `root:x:0:0::/:\nme:x:${own}:1000::/:\nother:x:${other}:1001::/:\n`;
export const group = `root:x:0:\nme:x:1000:\nother:x:1001:\nboth:x:2000:me,other\n`;

const folder = (uid = 0, mode = 0o755, gid = 0): PathFacts => ({ uid, gid, mode, linkTarget: null });
const link = (linkTarget: string, uid = 0): PathFacts => ({ uid, gid: 0, mode: 0o777, linkTarget });

/** One judgement of a path, which must be the same in TypeScript and in bootstrap.sh. */
export interface PathCase {
  /** A sentence. */
  readonly title: string;
  readonly path: string;
  /** Every component that exists, a folder before its content. */
  readonly paths: Readonly<Record<string, PathFacts>>;
  /** The component that another user can change; null if the path is trusted. */
  readonly untrusted: string | null;
}

const tmp = folder(0, 0o1777);
const live = { '/live': link('archive/1'), '/archive': folder(), '/archive/1': folder() };

export const pathCases: readonly PathCase[] = [
  {
    title:
      'A path whose components belong to root or to the own user, and that only they can write, is trusted',
    path: '/home/me/state',
    paths: { '/home': folder(), '/home/me': folder(own, 0o700), '/home/me/state': folder(own, 0o700) },
    untrusted: null,
  },
  {
    title: 'A path is judged without its empty components and its dots',
    path: '//a/./b/',
    paths: { '/a': folder(), '/a/b': folder(own, 0o770, 2000) },
    untrusted: '/a/b',
  },
  {
    title: 'A folder that belongs to another user is untrusted, whatever its mode',
    path: '/a/b',
    paths: { '/a': folder(other, 0o700), '/a/b': folder() },
    untrusted: '/a',
  },
  {
    title: 'A folder into which everyone can write is untrusted',
    path: '/a/b',
    paths: { '/a': folder(0, 0o777), '/a/b': folder() },
    untrusted: '/a',
  },
  {
    title: 'A folder into which everyone but its group can write is untrusted',
    path: '/a',
    paths: { '/a': folder(own, 0o707) },
    untrusted: '/a',
  },
  {
    title: 'A folder into which a group of several users can write is untrusted',
    path: '/a/b',
    paths: { '/a': folder(0, 0o775, 2000), '/a/b': folder() },
    untrusted: '/a',
  },
  {
    title: 'A folder into which the group of another user can write is untrusted',
    path: '/a',
    paths: { '/a': folder(own, 0o770, 1001) },
    untrusted: '/a',
  },
  {
    title: 'A folder into which only the own group can write is trusted',
    path: '/a',
    paths: { '/a': folder(own, 0o775, 1000) },
    untrusted: null,
  },
  {
    title: 'A folder into which only the group of root can write is untrusted',
    path: '/a',
    paths: { '/a': folder(0, 0o775, 0) },
    untrusted: '/a',
  },
  {
    title: 'A folder into which the own group can write is untrusted if an access list names more users',
    path: '/a',
    paths: { '/a': { ...folder(own, 0o775, 1000), hasAccessList: true } },
    untrusted: '/a',
  },
  {
    title: 'A folder is trusted if its access list lets no other user write',
    path: '/a',
    paths: { '/a': { ...folder(own, 0o755, 1000), hasAccessList: true } },
    untrusted: null,
  },
  {
    title: 'A sticky folder is trusted if the next component belongs to the own user',
    path: '/tmp/state',
    paths: { '/tmp': tmp, '/tmp/state': folder(own, 0o700) },
    untrusted: null,
  },
  {
    title: 'A component in a sticky folder is untrusted if it belongs to another user',
    path: '/tmp/state',
    paths: { '/tmp': tmp, '/tmp/state': folder(other, 0o700) },
    untrusted: '/tmp/state',
  },
  {
    title: 'A sticky folder is untrusted as the last component',
    path: '/tmp',
    paths: { '/tmp': tmp },
    untrusted: '/tmp',
  },
  {
    title: 'A sticky folder of another user is untrusted',
    path: '/tmp/state',
    paths: { '/tmp': folder(other, 0o1777), '/tmp/state': folder(own, 0o700) },
    untrusted: '/tmp',
  },
  {
    title: 'A link of another user in a sticky folder is untrusted',
    path: '/tmp/state',
    paths: { '/tmp': tmp, '/tmp/state': link('/safe', other), '/safe': folder() },
    untrusted: '/tmp/state',
  },
  {
    title: 'A symbolic link is trusted if its owner, its folder and everything behind it are trusted',
    path: '/live/cert',
    paths: { ...live, '/archive/1/cert': folder(own, 0o700) },
    untrusted: null,
  },
  {
    title: 'A symbolic link of another user is untrusted',
    path: '/live/cert',
    paths: { ...live, '/live': link('archive/1', other) },
    untrusted: '/live',
  },
  {
    title: 'A symbolic link to a folder of another user is untrusted',
    path: '/live/cert',
    paths: { ...live, '/archive': folder(other) },
    untrusted: '/archive',
  },
  {
    title: 'A symbolic link is followed to its parent folders',
    path: '/a/b',
    paths: { '/a': folder(), '/a/b': link('../x/y'), '/x': folder(0, 0o777) },
    untrusted: '/x',
  },
  {
    title: 'A symbolic link is followed to an absolute path, with the components behind the link',
    path: '/a/b/c',
    paths: { '/a': folder(), '/a/b': link('/x'), '/x': folder(), '/x/c': folder(other) },
    untrusted: '/x/c',
  },
  {
    title: 'The parent of a symbolic link is that of the folder behind it',
    path: '/a/b/../d',
    paths: {
      '/a': folder(),
      '/a/b': link('/x/y'),
      '/a/d': folder(),
      '/x': folder(),
      '/x/y': folder(),
      '/x/d': folder(0, 0o777),
    },
    untrusted: '/x/d',
  },
  {
    title: 'Links in a circle end the search, and the path is untrusted',
    path: '/a',
    paths: { '/a': link('/b'), '/b': link('/a') },
    untrusted: '/a',
  },
  {
    title: 'Components that do not exist are trusted',
    path: '/a/b/c',
    paths: { '/a': folder() },
    untrusted: null,
  },
];
