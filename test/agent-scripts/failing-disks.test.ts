// Disks that are full, read-only or broken, and files that cannot be replaced. Cannot show: a quota, and a disk that fails itself.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { fillCommand, fillDisk, fingerprintOfFile, identityOf, scratchFolder, smallDisk } from './disk.ts';
import { callsOn, recordTo } from './file-changing-calls.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
const undoAfterwards: (() => void)[] = [];
afterEach(() => {
  for (const undo of undoAfterwards.splice(0).reverse()) undo();
});

/**
 * A host with a deployed first version, whose home is a small disk of its own. The reload runs the script `hook` if there is one;
 * `$1` is the home.
 */
async function aHost({ size = '2m' }: { size?: string } = {}) {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const home = smallDisk(join(folder, 'home'), size);
  const hook = join(folder, 'hook.sh');
  const [certPath, keyPath] = [join(folder, 'tls/cert.pem'), join(folder, 'tls/key.pem')];
  const reloadCommand = ['sh', '-c', `[ ! -e ${hook} ] || sh ${hook} ${home}`];
  const target = aTarget('files', { certPath, keyPath, reloadCommand });
  const host = testHost(home);
  const first = await aVersion();
  const { deploymentId, outcome } = await host.send('deploy', { target, version: first });
  expect(outcome).toBe('applied');
  return {
    folder,
    home,
    hook,
    host,
    target,
    first,
    deploymentId,
    certPath,
    keyPath,
    files: () => [identityOf(certPath), identityOf(keyPath)],
  };
}

/** A script that does something once and fails; the reload of the rollback succeeds. */
const failingOnce = (command: string) => `rm "$0"\n${command}\nexit 1\n`;

describeWith([program('flock', 'util-linux'), root], 'the disk of the agent', () => {
  test('A deployment is refused before it changes anything, with the free and the needed space, if the disk of the agent has 40 KiB left', async () => {
    const { home, host, target, files } = await aHost();
    const before = files();
    fillDisk(home, 40_000);

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed', hostKey: expect.anything() });
    expect(line.summary).toMatch(
      new RegExp(`${home} has \\d+ KiB free, and the deployment needs \\d+ KiB; free some space`),
    );
    expect(files()).toEqual(before);
    rmSync(join(home, 'filler'));
    expect((await host.send('deploy', { target, version: await aVersion() })).outcome).toBe('applied');
  });

  test('A deployment whose reload fails restores the previous files and has its receipt, although the disk of the agent is full by then', async () => {
    const { home, hook, host, target, files } = await aHost();
    const before = files().map(({ bytes }) => bytes);
    writeFileSync(hook, failingOnce(fillCommand(home)));

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line.outcome).toBe('reload_failed');
    expect(files().map(({ bytes }) => bytes)).toEqual(before);
    expect(existsSync(join(home, 'targets/web-1/receipts', `${line.deploymentId}.json`))).toBe(true);
    expect(existsSync(join(home, 'journal.json'))).toBe(false);
  });

  test('A deployment is recorded and can be undone, although the disk of the agent is full from its reload on', async () => {
    const { home, hook, host, target, certPath, first } = await aHost();
    writeFileSync(hook, `rm "$0"; ${fillCommand(home)}; exit 0`);

    const line = await host.send('deploy', { target, version: await aVersion() });
    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });

    expect(line.outcome).toBe('applied');
    expect(undone).toMatchObject({ outcome: 'restored', warnings: [] });
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
    const next = await host.send('deploy', { target, version: await aVersion() });
    expect(next).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
  });

  test('A deployment restores the previous files and reports it, if the folder of the agent becomes read-only during the reload', async () => {
    const { home, hook, host, target, files } = await aHost();
    const before = files().map(({ bytes }) => bytes);
    writeFileSync(hook, failingOnce(`mount --bind ${home} ${home} && mount -o remount,bind,ro ${home}`));
    undoAfterwards.push(() => execFileSync('umount', [home]));

    const { line, stderr } = await host.run('deploy', { target, version: await aVersion() });

    expect(stderr).toBe('');
    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
    expect(line?.summary).toContain('the file system is read-only; check the kernel log');
    expect(line?.summary).toContain('all changes of this job were reversed');
    expect(files().map(({ bytes }) => bytes)).toEqual(before);
  });

  test('A job is refused with the reason and the next step, if the folder of the agent is read-only', async () => {
    const { home, host, target, files } = await aHost();
    const before = files();
    execFileSync('mount', ['-o', 'remount,ro', home]);
    undoAfterwards.push(() => execFileSync('mount', ['-o', 'remount,rw', home]));

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
    expect(line.summary).toContain('nothing was changed: the file system is read-only; check the kernel log');
    expect(files()).toEqual(before);
  });
});

describeWith([program('flock', 'util-linux'), program('strace'), root], 'a disk with errors', () => {
  test.each(['EIO', 'EROFS', 'ENOSPC'])(
    'A deployment whose second rename fails with %s keeps the previous files in use, and reports the error',
    async (code) => {
      const { host, target, certPath, files, folder } = await aHost();
      const trace = join(folder, 'trace.txt');
      await host.run('deploy', { target, version: await aVersion() }, recordTo(trace));
      const before = files().map(({ bytes }) => bytes);
      const renames = callsOn(trace, certPath).filter(({ name }) => name === 'rename');
      const inject = `inject=rename:error=${code}:when=${renames.at(-1)?.nth}`;

      const { line } = await host.run('deploy', { target, version: await aVersion() }, [
        ...['strace', '-qq', '-o', '/dev/null', '-e', 'trace=rename', '-e', inject],
      ]);

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'CommitFailed' });
      expect(line?.summary).toContain('the previous files remain in use');
      expect(line?.summary).toContain(code);
      expect(files().map(({ bytes }) => bytes)).toEqual(before);
    },
  );
});

describeWith(
  [program('flock', 'util-linux'), program('chattr', 'e2fsprogs'), root],
  'a file that cannot be replaced',
  () => {
    const sendBoth = async ({ host, target }: Pick<Awaited<ReturnType<typeof aHost>>, 'host' | 'target'>) => {
      const version = await aVersion();
      return [
        await host.send('validate', { target, version }),
        await host.send('deploy', { target, version }),
      ] as const;
    };

    test.each([
      ['certificate', (one: { certPath: string }) => one.certPath],
      ['folder', (one: { folder: string }) => join(one.folder, 'tls')],
    ] as const)(
      'An immutable %s is named with its remedy by a dry run and by a deployment, and nothing is changed',
      async (_, protectedPath) => {
        const host = await aHost();
        const path = protectedPath(host);
        const before = host.files();
        execFileSync('chattr', ['+i', path]);
        undoAfterwards.push(() => execFileSync('chattr', ['-i', path]));

        for (const line of await sendBoth(host)) {
          expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
          expect(line.summary).toContain(`${path} is immutable`);
          expect(line.summary).toContain(`run: chattr -i ${path}`);
        }
        expect(host.files()).toEqual(before);
        expect(existsSync(join(host.home, 'journal.json'))).toBe(false);
      },
    );

    test('An immutable file that has the requested version already is no problem', async () => {
      const { host, target, first, certPath } = await aHost();
      execFileSync('chattr', ['+i', certPath]);
      undoAfterwards.push(() => execFileSync('chattr', ['-i', certPath]));

      expect((await host.send('deploy', { target, version: first })).outcome).toBe('unchanged');
    });

    test('A bind mount of a single file is named with its remedy by a dry run and by a deployment, and nothing is changed', async () => {
      const host = await aHost();
      const { certPath, folder } = host;
      const source = join(folder, 'a mounted certificate.pem');
      writeFileSync(source, 'of a container');
      execFileSync('mount', ['--bind', source, certPath]);
      undoAfterwards.push(() => execFileSync('umount', [certPath]));
      const before = host.files();

      for (const line of await sendBoth(host)) {
        expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
        expect(line.summary).toContain(`${certPath} is a mount point of its own`);
        expect(line.summary).toContain(`Mount its folder ${join(folder, 'tls')} instead`);
      }
      expect(host.files()).toEqual(before);
    });
  },
);
