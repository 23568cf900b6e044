import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JobHeader } from '../../core/deployment/job.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import {
  filesBelow,
  fingerprintOfFile,
  identityOf,
  ownershipOf,
  pairMatches,
  scratchFolder,
} from './disk.ts';
import { type Call, callsOn, recordTo, stopAt } from './file-changing-calls.ts';
import { aTarget, runAgentWith, startAgent, testHost } from './run-agent.ts';

const scratch = scratchFolder();

/** A user that every Linux has, and who owns the destination folders of these tests. */
const attacker = { name: 'daemon', uid: 1, gid: 1 };

let folders = 0;

/** A folder of the attacker in a folder of the attacker, and the target that deploys into it. */
function aFolderOfTheAttacker() {
  folders += 1;
  const base = join(scratch, `case-${folders}`);
  const home = join(base, 'home');
  const tls = join(home, 'tls');
  mkdirSync(tls, { recursive: true });
  for (const folder of [home, tls]) chownSync(folder, attacker.uid, attacker.gid);
  for (const folder of [scratch, base, home, tls]) chmodSync(folder, 0o755);
  const [certPath, keyPath] = [join(tls, 'fullchain.pem'), join(tls, 'privkey.pem')];
  const paths = { certPath, keyPath, reloadCommand: ['true'] };
  return { base, home, tls, certPath, keyPath, paths, host: testHost(join(base, 'agent')) };
}

/** Files of root that the attacker can neither read nor write, under the names of the target's files. */
function filesOfRoot(base: string) {
  const folder = join(base, 'root-only');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const files = ['fullchain.pem', 'privkey.pem', 'secret'].map((name) => join(folder, name));
  for (const file of files) writeFileSync(file, `secret of root in ${file}\n`, { mode: 0o600 });
  const state = () => ({ names: readdirSync(folder).sort(), files: files.map(identityOf) });
  return { folder, secret: join(folder, 'secret'), missing: join(folder, 'created'), state };
}

type FilesOfRoot = ReturnType<typeof filesOfRoot>;

/** What the attacker does while the agent is stopped, as shell text. `$1` folder, `$2` secret, `$3` missing, `$4` root's folder. */
const attacks = {
  'replaces every file by a link to a file of root':
    'cd "$1" && for f in * .[!.]*; do [ -d "$f" ] || ln -sfn "$2" "$f"; done',
  'replaces every file by a link to a file that only root could create':
    'cd "$1" && for f in * .[!.]*; do [ -d "$f" ] || ln -sfn "$3" "$f"; done',
  'replaces the folder by a link to a folder of root': 'mv "$1" "$1.moved" && ln -s "$4" "$1"',
} as const;

function attack(script: string, folder: string, { folder: rootFolder, secret, missing }: FilesOfRoot): void {
  const ids = [`--reuid=${attacker.uid}`, `--regid=${attacker.gid}`, '--clear-groups'];
  execFileSync(
    'setpriv',
    [...ids, '--', 'sh', '-c', `${script} || :`, 'attack', folder, secret, missing, rootFolder],
    {
      stdio: 'ignore',
    },
  );
}

/** Runs the agent, stops it around one call, lets the attacker act, and continues. */
async function attackedRun(home: string, job: string, call: Call, act: () => void) {
  const trace = `${home}.stopped`;
  writeFileSync(trace, '');
  const { child, ended } = startAgent(home, job, stopAt(call, trace));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  while (running && !readFileSync(trace, 'utf8').includes('stopped by SIGSTOP')) await sleep(5);
  act();
  if (running && child.pid !== undefined) continueChildOf(child.pid);
  return ended;
}

/** The agent, which is the child of strace, may have ended already: a run has not always the same calls. */
function continueChildOf(pid: number): void {
  try {
    process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')), 'SIGCONT');
  } catch {
    // it has ended
  }
}

/** A host on which the job is ready to run. `reset` restores all of its files as they were before. */
async function aPreparedRun(action: 'deploy' | 'undo') {
  const { base, tls, host, paths } = aFolderOfTheAttacker();
  const { job } = await aRunOf(action, { host, paths });
  const rootOnly = filesOfRoot(base);
  execFileSync('cp', ['-a', base, `${base}.saved`]);
  const reset = () => {
    rmSync(base, { recursive: true });
    execFileSync('cp', ['-a', `${base}.saved`, base]);
  };
  return { base, tls, home: host.home, job, rootOnly, reset };
}

/** A call on an open file reaches the same file, whatever happens to its name. */
const isByPath = ({ text }: Call): boolean => !/^\w+\(\d+</.test(text);

/** The calls of one run of the prepared job that resolve a path in the attacker's folder. */
async function recordedCalls({ tls, home, job, reset }: Awaited<ReturnType<typeof aPreparedRun>>) {
  const trace = `${home}.trace`;
  const { line } = await runAgentWith(home, job, recordTo(trace));
  expect(line?.outcome).toMatch(/^(applied|restored)$/);
  const calls = callsOn(trace, tls).filter(isByPath);
  reset();
  return calls;
}

/** A renewal that is ready to run, or the undo of one that has run. */
async function aRunOf(
  action: 'deploy' | 'undo',
  { host, paths }: Pick<ReturnType<typeof aFolderOfTheAttacker>, 'host' | 'paths'>,
) {
  const target = aTarget('files', { ...paths, fileUser: attacker.name });
  await host.send('deploy', { target, version: await aVersion() });
  if (action === 'deploy')
    return { target, job: await host.jobText('deploy', { target, version: await aVersion() }) };
  const { deploymentId } = await host.send('deploy', { target, version: await aVersion() });
  const header: Partial<JobHeader> = { deploymentId };
  return { target, job: await host.jobText('undo', { target, header }) };
}

describeWith([root, program('strace'), program('setpriv', 'util-linux')], 'folders of another user', () => {
  test.each([
    ['belongs to another user', ({ home }: { home: string; tls: string }) => chownSync(home, 0, 0)],
    ['is in a folder of another user', ({ tls }: { home: string; tls: string }) => chownSync(tls, 0, 0)],
    [
      'is writable by everyone',
      ({ home, tls }: { home: string; tls: string }) => {
        for (const folder of [home, tls]) chownSync(folder, 0, 0);
        chmodSync(tls, 0o777);
      },
    ],
  ])(
    'A deployment and a dry run into a folder that %s are refused, and nothing is written',
    async (_, prepare) => {
      const folder = aFolderOfTheAttacker();
      prepare(folder);
      const target = aTarget('files', folder.paths);

      const lines = [
        await folder.host.send('deploy', { target, version: await aVersion() }),
        await folder.host.send('validate', { target, version: await aVersion() }),
      ];

      expect(lines.map(({ outcome, reason }) => [outcome, reason])).toEqual(
        Array(2).fill(['rejected', 'UntrustedPath']),
      );
      expect(lines[0]?.summary).toMatch(/belongs to uid \d+, gid \d+ with mode 0\d+.*run: (chown|chmod)/);
      expect(filesBelow(folder.home)).toEqual([]);
    },
  );

  test('A link of root into a folder of another user is refused, and a link of root into a folder of root is followed', async () => {
    const folder = aFolderOfTheAttacker();
    const live = join(folder.base, 'live');
    const archive = join(folder.base, 'archive');
    for (const path of [live, archive]) mkdirSync(path, { mode: 0o755 });
    const deployTo = async (destination: string, name: string) => {
      const [certPath, keyPath] = [join(live, `${name}.pem`), join(live, `${name}.key`)];
      symlinkSync(join(destination, 'cert'), certPath);
      symlinkSync(join(destination, 'key'), keyPath);
      const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] }, 'none', name);
      return folder.host.send('deploy', { target, version: await aVersion() });
    };

    expect(await deployTo(folder.tls, 'untrusted')).toMatchObject({ reason: 'UntrustedPath' });
    expect(await deployTo(archive, 'trusted')).toMatchObject({ outcome: 'applied' });
    expect(filesBelow(archive)).toEqual(['cert', 'key']);
    expect(filesBelow(folder.home)).toEqual([]);
  });

  test('With fileUser, the files of a deployment, a renewal, an undo and a rollback belong to that user', async () => {
    const { host, paths, certPath, keyPath } = aFolderOfTheAttacker();
    const target = aTarget('files', { ...paths, fileUser: attacker.name });
    const versions = [await aVersion(), await aVersion(), await aVersion()] as const;

    for (const version of versions) {
      const line = await host.send('deploy', { target, version });
      expect(line).toMatchObject({ outcome: 'applied' });
    }
    expect([ownershipOf(certPath), ownershipOf(keyPath)]).toEqual(['0644 1:1', '0600 1:1']);
    expect(fingerprintOfFile(certPath)).toBe(versions[2].fingerprint);

    expect(await host.send('rollback', { target })).toMatchObject({ outcome: 'applied' });
    expect(fingerprintOfFile(certPath)).toBe(versions[1].fingerprint);
    expect(pairMatches(certPath, keyPath)).toBe(true);

    const last = await host.send('deploy', { target, version: await aVersion() });
    const undone = await host.send('undo', { target, header: { deploymentId: last.deploymentId } });
    expect(undone).toMatchObject({ outcome: 'restored', warnings: [] });
    expect(fingerprintOfFile(certPath)).toBe(versions[1].fingerprint);
    expect([ownershipOf(certPath), ownershipOf(keyPath)]).toEqual(['0644 1:1', '0600 1:1']);
  });

  test('With fileUser, a file that does not belong to that user is refused before anything changes', async () => {
    const { host, paths, keyPath, tls } = aFolderOfTheAttacker();
    writeFileSync(keyPath, 'a key of root', { mode: 0o644 });
    const target = aTarget('files', { ...paths, fileUser: attacker.name });

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(line.summary).toContain(`chown daemon '${keyPath}'`);
    expect(filesBelow(tls)).toEqual(['privkey.pem']);
  });

  test('A fileUser that the host does not have is refused', async () => {
    const { host, paths } = aFolderOfTheAttacker();
    const target = aTarget('files', { ...paths, fileUser: 'no-such-user' });

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'UnknownOwner' });
    expect(line.summary).toContain('correct fileUser');
  });

  test('With fileUser, the commands that repair a failed rollback do not follow a link that the user has planted', async () => {
    const { base, host, paths, tls, keyPath } = aFolderOfTheAttacker();
    const rootOnly = filesOfRoot(base);
    const before = rootOnly.state();
    const target = aTarget('files', { ...paths, fileUser: attacker.name });
    await host.send('deploy', { target, version: await aVersion() });
    const key = readFileSync(keyPath, 'utf8');
    const { deploymentId } = await host.send('deploy', { target, version: await aVersion() });
    // the backup of the certificate is damaged
    appendFileSync(join(host.home, 'targets/web-1/backups', deploymentId, '1-fullchain.pem'), 'damage');

    const { outcome, repair } = await host.send('undo', { target, header: { deploymentId } });
    expect(outcome).toBe('rollback_failed');
    attack(attacks['replaces every file by a link to a file of root'], tls, rootOnly);
    for (const command of repair?.commands ?? []) execFileSync('sh', ['-c', command]);

    expect(rootOnly.state()).toEqual(before);
    expect(readFileSync(keyPath, 'utf8')).toBe(key);
    expect(ownershipOf(keyPath)).toBe('0600 1:1');
  });

  test.each(['deploy', 'undo'] as const)(
    'With fileUser, that user reaches no file of root, whichever step of the job %s the user interrupts to plant links',
    async (action) => {
      const run = await aPreparedRun(action);
      const { base, tls, home, job, rootOnly, reset } = run;
      const calls = await recordedCalls(run);
      expect(calls.length).toBeGreaterThan(20);
      const scripts = Object.entries(attacks);
      for (const [index, call] of calls.entries()) {
        const [title, script] = scripts[index % scripts.length] ?? ['', ''];
        const before = rootOnly.state();

        const { stdout, stderr } = await attackedRun(home, job, call, () => attack(script, tls, rootOnly));

        const where = `the user ${title} around ${call.text}`;
        expect(rootOnly.state(), where).toEqual(before);
        expect(existsSync(rootOnly.missing), where).toBe(false);
        expect(stdout + stderr, where).not.toContain('secret of root');
        expect(filesWithSecret(base, rootOnly.folder), where).toEqual([]);
        reset();
      }
    },
  );
});

/** Files outside root's folder that contain its text. Links are not followed. */
function filesWithSecret(base: string, rootFolder: string): string[] {
  return filesBelow(base)
    .map((name) => join(base, name))
    .filter((path) => lstatSync(path).isFile() && !realpathSync(path).startsWith(rootFolder))
    .filter((path) => readFileSync(path, 'utf8').includes('secret of root'));
}
