import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { isAgentEntry, isStateEntry } from '../../local/base/state-entries.ts';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { openCommandRecords } from '../../local/ssm/command-records.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';
import { scratch } from './scratch.ts';

/** The user nobody of most systems. */
const otherUid = 65534;

const untrusted = (component: string) =>
  expect.objectContaining({ name: 'UntrustedPath', message: expect.stringContaining(component) });

/** A state folder that was in use before. */
function usedState(): string {
  const { path, hosts, executions } = openStateFolder(join(scratch(), 'state'));
  mkdirSync(join(hosts, 'local/targets/web/backups/d-1'), { recursive: true, mode: 0o700 });
  mkdirSync(join(executions, 'running'), { mode: 0o700 });
  return path;
}

function plant(path: string): void {
  writeFileSync(path, 'planted', { mode: 0o644 });
  chownSync(path, otherUid, otherUid);
}

describe('the mode of a state folder', () => {
  test('A state folder that others can write is refused with the fix, and its mode and content stay', () => {
    const state = usedState();
    const entries = readdirSync(state);
    chmodSync(state, 0o777);

    expect(() => openStateFolder(state)).toThrow(
      expect.objectContaining({
        name: 'UntrustedPath',
        message: expect.stringMatching(/ with mode 0777, .*chmod go-w '.*\/state'/),
      }),
    );
    expect(statSync(state).mode & 0o777).toBe(0o777);
    expect(readdirSync(state)).toEqual(entries);
  });

  test('A state folder that others can only read becomes private', () => {
    const state = usedState();
    chmodSync(state, 0o755);
    chmodSync(join(state, 'logs'), 0o755);

    openStateFolder(state);

    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, 'logs')).mode & 0o777).toBe(0o700);
  });

  test('A state folder below a folder that others can write is refused, and not created', () => {
    const loose = join(scratch(), 'loose');
    mkdirSync(loose);
    chmodSync(loose, 0o777);

    expect(() => openStateFolder(join(loose, 'state'))).toThrow(untrusted(`${loose} belongs to`));
    expect(readdirSync(loose)).toEqual([]);
  });

  test('A state folder of the user below a sticky folder is used', () => {
    const sticky = join(scratch(), 'sticky');
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);

    expect(openStateFolder(join(sticky, 'state')).path).toBe(join(sticky, 'state'));
  });

  test.each(['executions', 'dynamodb.sqlite', 'executions/running/e', 'hosts/local/journal.json'])(
    'A state folder is refused if others can write %s',
    (name) => {
      const state = usedState();
      const path = join(state, name);
      if (!existsSync(path)) writeFileSync(path, '');
      chmodSync(path, 0o777);

      expect(() => openStateFolder(state)).toThrow(untrusted(`${path} belongs to`));
    },
  );
});

describeWith([root], 'a state folder with entries of another user', () => {
  test('A state folder of another user is refused', () => {
    const state = usedState();
    chownSync(state, otherUid, otherUid);

    expect(() => openStateFolder(state)).toThrow(untrusted(`${state} belongs to uid ${otherUid}`));
  });

  test('A state folder behind a link of another user is refused', () => {
    const state = usedState();
    const link = join(scratch(), 'link');
    symlinkSync(state, link);
    lchownSync(link, otherUid, otherUid);

    expect(() => openStateFolder(link)).toThrow(untrusted(`${link} belongs to uid ${otherUid}`));
    expect(() => openStateFolder(join(link, 'hosts'))).toThrow(untrusted(`${link} belongs to`));
  });

  test('A state folder behind a link of root is used', () => {
    const state = usedState();
    const link = join(scratch(), 'link');
    symlinkSync(state, link);

    expect(openStateFolder(link).path).toBe(link);
  });

  test.each([
    'job-key.json',
    'sockets/1-2-abc',
    'dynamodb.sqlite',
    'dynamodb.sqlite-wal',
    'dynamodb.sqlite-shm',
    'dynamodb.sqlite-journal',
    'executions/e.jsonl',
    'executions/running/e',
    'objects/certferry-work',
    'commands/00000000-0000-4000-8000-000000000000',
    'hosts/other',
    'hosts/local/keys.json',
    'hosts/local/journal.json',
    'hosts/local/targets/web/fence',
    'logs/messages.log',
  ])('A state folder is refused before anything is read or changed if another user owns %s', (name) => {
    const state = usedState();
    const path = join(state, name);
    plant(path);
    chmodSync(state, 0o755);

    expect(() => openStateFolder(state)).toThrow(untrusted(`${path} belongs to uid ${otherUid}`));
    expect(statSync(state).mode & 0o777).toBe(0o755);
  });

  test('A log that is a link of another user is refused, so certferry does not append to its target', () => {
    const state = usedState();
    const log = join(state, 'logs/certferry.log');
    symlinkSync('/etc/hostname', log);
    lchownSync(log, otherUid, otherUid);

    expect(() => openStateFolder(state)).toThrow(untrusted(`${log} belongs to uid ${otherUid}`));
  });

  test('A file that another user owns in the folder of a command is not read', () => {
    const { commands, path } = openStateFolder(usedState());
    const commandId = '00000000-0000-4000-8000-000000000000';
    const folder = join(commands, commandId);
    mkdirSync(folder, { mode: 0o700 });
    plant(join(folder, 'command.json'));
    openStateFolder(path);

    expect(() => openCommandRecords(commands).read(commandId)).toThrow(
      untrusted(`${join(folder, 'command.json')} belongs to`),
    );
  });

  test('A backup keeps the owner and the mode of the live file, and a link in its place is refused', () => {
    const state = usedState();
    const backups = join(state, 'hosts/local/targets/web/backups/d-1');
    plant(join(backups, '0-cert.pem'));
    chmodSync(join(backups, '0-cert.pem'), 0o664);

    expect(openStateFolder(state).path).toBe(state);

    symlinkSync('/etc/hostname', join(backups, '1-key.pem'));
    lchownSync(join(backups, '1-key.pem'), otherUid, otherUid);
    expect(() => openStateFolder(state)).toThrow(untrusted('1-key.pem belongs to'));
  });

  test('A file of another user that certferry does not read is left as it is', () => {
    const state = usedState();
    plant(join(state, 'README'));

    expect(openStateFolder(state).path).toBe(state);
  });
});

describe('a state folder that is also the home of an agent', () => {
  test('The state folder and the home of an agent have no entry in common', () => {
    const home = homeAt('/home');
    const paths = Object.values(home).filter(
      (path): path is string => typeof path === 'string' && path !== '/home',
    );
    const ofAgent = [
      'bin',
      'compiled',
      'targets',
      ...paths.map((path) => relative('/home', path).split('/')[0] ?? ''),
    ];
    const { path, database, levelDb, executions, objects, commands, hosts, logs } = openStateFolder(
      join(scratch(), 's'),
    );
    const ofState = [database, levelDb, executions, objects, commands, hosts, logs].map((inner) =>
      relative(path, inner),
    );

    expect(ofAgent.filter((name) => !isAgentEntry(name) || isStateEntry(name))).toEqual([]);
    expect([...ofState, 'sockets'].filter((name) => !isStateEntry(name) || isAgentEntry(name))).toEqual([]);
    expect(dirname(database)).toBe(path);
  });
});
