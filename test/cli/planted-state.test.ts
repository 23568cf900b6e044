// Another user plants a state folder with the journal of an interrupted rollback. Its command must not run.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Journal } from '../../agent-scripts/journal/journal.ts';
import { facts } from '../fixtures/factories.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aWorkplace } from './command.ts';

type Workplace = Awaited<ReturnType<typeof aWorkplace>>;

/** The user nobody of most systems. */
const otherUid = 65534;

/** The journal of a change that is being undone. The agent completes the undo before any other job. */
function journalOf(argv: readonly string[]): Journal {
  const change = {
    deploymentId: 'planted',
    targetId: 'demo-server',
    fence: 1,
    files: [],
    activate: { kind: 'command', argv: [...argv] },
    validate: null,
    sandbox: null,
    commandTimeoutSeconds: 30,
    backupRetention: 3,
    verify: 'none',
    version: facts('planted'),
    previousVersion: null,
  } as const satisfies Partial<Journal['change']>;
  return { v: 1, phase: 'undoing', change };
}

/** Plants `.certferry` in the working directory. `isUsed` is whether the command in its journal has run. */
function plantIn({ folder }: Workplace) {
  const mark = join(folder, 'mark');
  const state = join(folder, '.certferry');
  const hosts = join(state, 'hosts');
  const home = join(hosts, 'local');
  mkdirSync(home, { recursive: true });
  const journal = join(home, 'journal.json');
  writeFileSync(journal, JSON.stringify(journalOf(['touch', mark])));
  const giveTo = (uid: number) => {
    for (const path of [state, hosts, home, journal]) chownSync(path, uid, uid);
  };
  giveTo(otherUid);
  return {
    state,
    giveTo,
    isUsed: () => existsSync(mark),
    remains: () => readdirSync(state).join() === 'hosts',
  };
}

const bundle = ['--cert', 'cert.pem', '--key', 'key.pem', '--json'];

/** The command line of a deployment in the working directory, without a state folder. */
async function deployWords(place: Workplace): Promise<string[]> {
  const version = await place.issue();
  writeFileSync(join(place.folder, 'cert.pem'), version.fullchainPem);
  writeFileSync(join(place.folder, 'key.pem'), version.keyPem, { mode: 0o600 });
  return ['deploy', '--local', '--targets', 'targets.json', '--certificate', place.certificate, ...bundle];
}

/** Runs certferry in a mount namespace with an empty /var/lib, and lists the default state folder afterwards. */
function runWithDefaultState(args: readonly string[], cwd: string) {
  const script =
    'mount -t tmpfs -o mode=0755 tmpfs /var/lib && "$@"; code=$?; ls /var/lib/certferry >&2; exit $code';
  const file = join(import.meta.dirname, '../../cli/certferry.mjs');
  const { CERTFERRY_STATE: _, ...env } = process.env;
  const words = ['-m', 'sh', '-c', script, 'sh', process.execPath, file, ...args];
  const { status, stdout, stderr } = spawnSync('unshare', words, { cwd, env, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

async function withWorkplace(work: (place: Workplace) => Promise<void>): Promise<void> {
  const place = await aWorkplace();
  try {
    await work(place);
  } finally {
    await place.stop();
  }
}

describeWith([program('unshare', 'util-linux'), root], 'a state folder that another user has planted', () => {
  test('A deployment without --state does not use a .certferry that another user planted in the working directory', () =>
    withWorkplace(async (place) => {
      const planted = plantIn(place);

      const { code, out, err } = runWithDefaultState(await deployWords(place), place.folder);

      expect(planted.isUsed()).toBe(false);
      expect(planted.remains()).toBe(true);
      expect({ code, outcome: JSON.parse(out).outcome }).toEqual({ code: 0, outcome: 'deployed' });
      expect(err.split('\n')).toEqual(expect.arrayContaining(['dynamodb.sqlite', 'hosts', 'job-key.json']));
    }));

  test('A deployment with --state ends with UntrustedPath if another user planted that folder, and its command does not run', () =>
    withWorkplace(async (place) => {
      const planted = plantIn(place);

      const { code, out } = await place.run(...(await deployWords(place)), '--state', '.certferry');

      expect(planted.isUsed()).toBe(false);
      expect(planted.remains()).toBe(true);
      expect(code).toBe(2);
      expect(JSON.parse(out).error).toEqual({
        name: 'UntrustedPath',
        message: expect.stringContaining(
          `${planted.state} belongs to uid ${otherUid}, gid ${otherUid} with mode 0755`,
        ),
      });
    }));

  test('A deployment ends with UntrustedPath if only the journal in its state folder belongs to another user', () =>
    withWorkplace(async (place) => {
      const planted = plantIn(place);
      planted.giveTo(0);
      const journal = join(planted.state, 'hosts/local/journal.json');
      chownSync(journal, otherUid, otherUid);

      const { code, out } = await place.run(...(await deployWords(place)), '--state', '.certferry');

      expect(planted.isUsed()).toBe(false);
      expect(code).toBe(2);
      expect(JSON.parse(out).error.message).toContain(`${journal} belongs to uid ${otherUid}`);
      expect(planted.remains()).toBe(true);
    }));

  test('The same journal completes its undo if it belongs to the running user, so the other tests show a real attack', () =>
    withWorkplace(async (place) => {
      const planted = plantIn(place);
      planted.giveTo(0);

      await place.run(...(await deployWords(place)), '--state', '.certferry');

      expect(planted.isUsed()).toBe(true);
    }));

  test('A .certferry of the running user is not used either, and a hint shows how to keep its history', () =>
    withWorkplace(async (place) => {
      const planted = plantIn(place);
      planted.giveTo(0);

      const { err } = runWithDefaultState(await deployWords(place), place.folder);

      expect(planted.isUsed()).toBe(false);
      expect(err).toContain(`run "mv .certferry /var/lib/certferry", or add --state .certferry`);
      rmSync(planted.state, { recursive: true });
    }));
});
