import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, fingerprintOfFile, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { certferry, startCertferry, versionFiles } from './certferry.ts';

const scratch = scratchFolder();
let count = 0;

type Version = Awaited<ReturnType<typeof aVersion>>;

async function until<Value>(look: () => Value | undefined, what: string): Promise<Value> {
  for (let round = 0; round < 6_000; round += 1) {
    const value = look();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A `files` target whose reload takes as long as a file called `slow` is there. */
async function aHost() {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const state = join(folder, 'state');
  const targets = join(folder, 'targets.json');
  const certPath = join(folder, 'tls/cert.pem');
  const reloadCommand = `while [ -e ${folder}/slow ]; do sleep 0.05; done`;
  const config = { certPath, keyPath: join(folder, 'tls/key.pem'), shell: true, reloadCommand };
  const target = {
    id: 'web-1',
    certificate: 'www.example.test',
    host: 'local',
    kind: 'files',
    config,
    verify: 'none',
  };
  writeFileSync(targets, JSON.stringify({ targets: [target] }));
  const deploy = (version: Version, name: string) => {
    const { cert, key } = versionFiles(join(folder, name), version);
    const common = ['--local', '--state', state, '--targets', targets, '--certificate', 'www.example.test'];
    return startCertferry(['deploy', ...common, '--cert', cert, '--key', key, '--json']);
  };
  const first = await aVersion();
  const run = await deploy(first, 'first').ended;
  expect(run.json.outcome).toBe('deployed_unverified');
  return {
    folder,
    state,
    certPath,
    deploy,
    slow: join(folder, 'slow'),
  };
}

interface CommandOnDisk {
  readonly folder: string;
  readonly runner: { readonly pid: number } | null;
  readonly comment: string;
  readonly end: object | null;
}

function commandsIn(state: string): CommandOnDisk[] {
  return filesBelow(state)
    .filter((name) => name.endsWith('/command.json'))
    .map((name) => ({
      ...(JSON.parse(readFileSync(join(state, name), 'utf8')) as CommandOnDisk),
      folder: join(state, name, '..'),
    }));
}

describeWith([program('flock', 'util-linux')], 'an execution killed in mid-push', () => {
  test('An execution killed in mid-push loses its lock to the next one at once, which waits for the host and wins', async () => {
    const { state, certPath, deploy, slow, folder } = await aHost();
    const [second, third] = [await aVersion(), await aVersion()];
    writeFileSync(slow, '');
    const before = filesBelow(state).length;
    const dead = deploy(second, 'second');
    await until(
      () =>
        commandsIn(state).some(({ end }) => end === null) && filesBelow(state).length > before
          ? true
          : undefined,
      'the push',
    );
    dead.child.kill('SIGKILL');
    await dead.ended;

    const next = deploy(third, 'third');
    await until(
      () => (commandsIn(state).filter(({ end }) => end === null).length > 1 ? true : undefined),
      'the second push',
    );
    rmSync(slow);
    const run = await next.ended;

    expect(run.json.outcome).toBe('deployed_unverified');
    expect(fingerprintOfFile(certPath)).toBe(third.fingerprint);
    const inspected = await certferry('inspect', '--local', '--state', state, 'last');
    expect(inspected.stdout).not.toMatch(/LockHeld/);
    expect(inspected.stdout).toMatch(/fence 3/);
    expect(filesBelow(join(folder, 'tls'))).toEqual(['cert.pem', 'key.pem']);
  });

  test('An execution killed in mid-push has its late command refused by the host', async () => {
    const { state, certPath, deploy } = await aHost();
    const [second, third] = [await aVersion(), await aVersion()];
    const lock = join(state, 'hosts/local/lock');
    expect(existsSync(lock)).toBe(true);
    const known = new Set(commandsIn(state).map(({ folder }) => folder));
    const holder = spawn('flock', ['-x', lock, 'sh', '-c', 'echo locked; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    await once(holder.stdout, 'data');
    const dead = deploy(second, 'second');
    const command = await until(
      () => commandsIn(state).find(({ folder, runner }) => !known.has(folder) && runner !== null),
      'the command of the second version',
    );
    const group = -(command.runner?.pid ?? Number.NaN);
    process.kill(group, 'SIGSTOP');
    dead.child.kill('SIGKILL');
    await dead.ended;
    process.kill(-(holder.pid ?? Number.NaN), 'SIGKILL');

    const run = await deploy(third, 'third').ended;
    process.kill(group, 'SIGCONT');
    const line = await until(() => {
      const stdout = join(command.folder, 'stdout');
      // its shell may have been stopped before it opened the file
      const text = existsSync(stdout) ? readFileSync(stdout, 'utf8') : '';
      return text.endsWith('\n') ? text : undefined;
    }, 'the line of the late command');

    expect(run.json.outcome).toBe('deployed_unverified');
    // the host deleted the key of the late job when the third deployment ended
    expect(JSON.parse(line)).toMatchObject({ outcome: 'enrolled', reason: 'RetiredHostKey' });
    expect(fingerprintOfFile(certPath)).toBe(third.fingerprint);
  });
});
