import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkStateFolder, unusable } from '../../cli/input/check-state-folder.ts';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { captured } from './capture.ts';
import { aTarget } from './finished.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');

describe('a state folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each([['history'], ['rollouts'], ['sweep'], ['inspect', 'last'], ['halt', 'r'], ['approve', 'r']])(
    '%s does not create a state folder, and reports that there is none',
    async (...command) => {
      const state = join(folder, 'nothing');

      const { code, out, err } = await captured(...command, '--local', '--state', state);

      expect({ code, out, err }).toEqual({
        code: 2,
        out: '',
        err: `the state folder ${state} does not exist. Deploy first, or name another folder with --state DIR.`,
      });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('A state folder is refused, and keeps its mode, when it holds something else', async () => {
    mkdirSync(join(folder, 'photos'), { mode: 0o755 });
    writeFileSync(join(folder, 'photos/cat.jpg'), '');

    const { code, err } = await captured('history', '--local', '--state', join(folder, 'photos'));

    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('it contains cat.jpg') });
    expect(statSync(join(folder, 'photos')).mode & 0o777).toBe(0o755);
  });

  test('A state folder may be empty, half created by another process, or contain a foreign file once it is ours', () => {
    checkStateFolder(folder, { mustExist: true });
    mkdirSync(join(folder, 'executions'));
    checkStateFolder(folder, { mustExist: true });
    writeFileSync(join(folder, 'README'), '');

    expect(() => checkStateFolder(folder, { mustExist: true })).not.toThrow();
  });

  test('A state folder may be the home of an agent, and keeps the files of the agent', () => {
    for (const name of ['bin', 'targets', 'scratch']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'keys.json'), '{}');

    checkStateFolder(folder, { mustExist: true });
    openStateFolder(folder);

    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['bin', 'targets', 'keys.json', 'sockets']));
  });

  test('A state folder that others can write is refused before its content is listed', async () => {
    mkdirSync(join(folder, 'photos'));
    chmodSync(join(folder, 'photos'), 0o777);

    const { code, err } = await captured('history', '--local', '--state', join(folder, 'photos'));

    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^UntrustedPath: the state folder/),
    });
  });

  test('A state folder is refused with an explanation when it is a file, or an empty name', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');

    expect(() => checkStateFolder(file, { mustExist: false })).toThrow(
      `cannot use the state folder ${file}: it is not a directory`,
    );
    expect(() => checkStateFolder('', { mustExist: false })).toThrow('--state is empty');
  });

  test('A state folder that cannot be created is reported with the reason of the system', () => {
    const readOnly = Object.assign(new Error('EROFS: …'), { code: 'EROFS' });

    expect(unusable('/x', readOnly).message).toBe(
      'cannot use the state folder /x: the file system is read-only',
    );
  });

  test('A state folder is made with the folders above it, for its owner alone', () => {
    const state = join(folder, 'a/b/state');

    openStateFolder(state);

    for (const made of ['a', 'a/b', 'a/b/state', 'a/b/state/logs']) {
      expect(statSync(join(folder, made)).mode & 0o777).toBe(0o700);
    }
  });

  test('A state folder is not made below a file, or below a link to nothing', () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'nothing'), join(folder, 'link'));

    expect(() => openStateFolder(join(folder, 'file/state'))).toThrow('ENOTDIR');
    expect(() => openStateFolder(join(folder, 'link/state'))).toThrow('ENOENT');
  });

  describeWith(
    [{ name: '/proc', met: () => existsSync('/proc/self') }],
    'a file system without folders',
    () => {
      test('A state folder is refused where no folder can be made', async () => {
        const version = await aVersion();
        const [targets, cert] = [join(folder, 'targets.json'), join(folder, 'cert.pem')];
        writeFileSync(targets, JSON.stringify({ targets: [aTarget()] }));
        writeFileSync(cert, version.keyPem + version.fullchainPem);
        const bundle = ['--targets', targets, '--certificate', 'api.example.com', '--cert', cert];

        // a process of its own, since what never comes back could not be interrupted in this one
        const { status, stderr } = spawnSync(
          process.execPath,
          [program, 'deploy', '--local', '--state', '/proc/nope/state', ...bundle],
          { encoding: 'utf8', timeout: 300_000, killSignal: 'SIGKILL' },
        );

        expect(stderr.split('\n')[0]).toBe(
          'cannot use the state folder /proc/nope/state: it cannot be created there',
        );
        expect(status).toBe(2);
      });
    },
  );
});
