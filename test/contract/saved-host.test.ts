import { appendFileSync, chmodSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityOf, scratchFolder } from '../agent-scripts/disk.ts';
import { type HostFiles, saveHost, stateOfHost } from './saved-host.ts';

const scratch = scratchFolder();
let count = 0;

const deployment = 'd-4a229777-080a-4f99-ad3c-2f6d94219aab';
const other = 'd-9031eae7-885b-4b3b-86e3-52fbbec1ad85';

/** A host with a journal, a fence and a backup that is a link to the live file. */
function aHost(id = deployment, digest = 'a'.repeat(64)) {
  const folder = join(scratch, 'host');
  rmSync(folder, { recursive: true, force: true });
  const home = join(folder, 'home');
  const paths = {
    journal: join(home, 'journal.json'),
    fence: join(home, 'targets/web-1/fence'),
    backup: join(home, 'targets/web-1/backups', id, '0-cert.pem'),
    live: join(folder, 'tls/cert.pem'),
    staged: join(folder, 'tls/.cert.pem.certferry-0123456789ab'),
  };
  mkdirSync(join(home, 'targets/web-1/backups', id), { recursive: true });
  mkdirSync(join(folder, 'tls'));
  writeFileSync(
    paths.journal,
    JSON.stringify({ deploymentId: id, fence: 4, digest, at: Date.now() + ++count * 1_000 }),
  );
  writeFileSync(paths.fence, '4');
  writeFileSync(paths.live, 'leaf');
  linkSync(paths.live, paths.backup);
  const files: HostFiles = { folder, host: { home }, site: { liveFiles: [paths.live] } };
  return { files, paths, home };
}

test('Two hosts that differ only in ids, inodes and times are in the same state', () => {
  const first = stateOfHost(aHost(deployment).files);

  expect(stateOfHost(aHost(other).files)).toBe(first);
});

type Paths = ReturnType<typeof aHost>['paths'];

const changes: Readonly<Record<string, (paths: Paths) => void>> = {
  'the content of a live file': ({ live }) => appendFileSync(live, 'more'),
  'the mode of a live file': ({ live }) => chmodSync(live, 0o600),
  'a staged file': ({ staged }) => writeFileSync(staged, ''),
  'an empty folder in the home': ({ journal }) => mkdirSync(join(journal, '../scratch')),
  'a record that is missing': ({ journal }) => rmSync(journal),
  'a record under its temporary name': ({ journal }) => renameSync(journal, `${journal}.next`),
  'another fence than that of the journal': ({ fence }) => writeFileSync(fence, '5'),
  'a backup that is no link to the live file': ({ backup }) => {
    rmSync(backup);
    writeFileSync(backup, 'leaf');
  },
  'another deployment than that of the backup': ({ journal }) =>
    writeFileSync(
      journal,
      JSON.stringify({ deploymentId: other, fence: 4, digest: 'a'.repeat(64), at: Date.now() }),
    ),
  'the digest in a record': ({ journal }) =>
    writeFileSync(
      journal,
      JSON.stringify({ deploymentId: deployment, fence: 4, digest: 'b'.repeat(64), at: Date.now() }),
    ),
};

test.each(Object.keys(changes))(
  'A host is in another state after a change of %s, and is restored',
  (name) => {
    const { files, paths } = aHost();
    const before = stateOfHost(files);
    const { mode, uid, gid, mtimeMs, bytes } = identityOf(paths.live);
    const saved = saveHost(files);

    changes[name]?.(paths);

    expect(stateOfHost(files)).not.toBe(before);
    saved.restore();
    expect(stateOfHost(files)).toBe(before);
    expect(identityOf(paths.live)).toMatchObject({ mode, uid, gid, mtimeMs, bytes });
    expect(identityOf(paths.backup).ino).toBe(identityOf(paths.live).ino);
  },
);
