import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { containerEngine, type StandInEngine } from '../fakes/container-engine.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { aStrangeKey } from '../fixtures/hierarchies.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { until } from '../rigs/processes.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { identityOf, scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
let running: { nginx: Nginx; engine: StandInEngine } | null = null;

afterEach(async () => {
  await running?.engine.stop();
  await running?.nginx.stop();
  running = null;
});

/** nginx as the main process of container `web`, which serves a first version. */
async function aContainer(mountsOf: (folder: string) => string[] = (folder) => [join(folder, 'tls')]) {
  const folder = join(scratch, `c-${++count}`);
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  const first = await aVersion();
  writeFileSync(nginx.certPath, first.fullchainPem);
  writeFileSync(nginx.keyPath, first.keyPem, { mode: 0o600 });
  await nginx.start();
  const socket = join(folder, 'engine.sock');
  const pid = (): number => Number(readFileSync(join(folder, 'nginx.pid'), 'utf8'));
  const engine = await containerEngine(socket, {
    name: 'web',
    mounts: mountsOf(folder),
    pid: () => {
      try {
        return pid();
      } catch {
        return null;
      }
    },
    start: () => nginx.start(),
  });
  running = { nginx, engine };
  const host = testHost(join(folder, 'home'));
  const { certPath, keyPath, validateCommand } = nginx;
  const reload = { container: 'web', socket };
  const config = { certPath, keyPath, validateCommand, reload };
  const verify = { endpoint: `127.0.0.1:${nginx.port}`, serverName: 'www.example.test' };
  return {
    folder,
    socket,
    nginx,
    engine,
    host,
    first,
    pid,
    target: aTarget('nginx', config, verify),
    deploy: (version: IssuedCertificate, changes: object = {}) =>
      host.send('deploy', { target: aTarget('nginx', { ...config, ...changes }, verify), version }),
  };
}

const signals = ({ requests }: StandInEngine) => requests.filter((request) => request.includes('/kill'));

describeWith([program('nginx')], 'the agent and a daemon in a container', () => {
  test('The agent checks the installed files in the container, signals its main process, and the daemon serves the new version', async () => {
    const { deploy, nginx, engine } = await aContainer();
    const next = await aVersion();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true, validatedIn: 'in_place' });
    expect(line.warnings).toEqual([]);
    expect(await servedBy(nginx.port)).toBe(next.fingerprint);
    expect(signals(engine)).toEqual(['POST /containers/web/kill?signal=SIGHUP']);
    expect(engine.requests).toContain('POST /containers/web/exec');
  });

  test('If the daemon in the container refuses the installed files, the agent restores the previous ones and sends no signal', async () => {
    const { deploy, nginx, engine, first, folder } = await aContainer();
    const stranger = join(folder, 'stranger.key');
    writeFileSync(stranger, aStrangeKey());
    writeFileSync(nginx.conf, readFileSync(nginx.conf, 'utf8').replace(nginx.keyPath, stranger));

    const line = await deploy(await aVersion());

    expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'in_place' });
    expect(line.summary).toMatch(
      /docker -H unix:\S+ exec web nginx -c \S+ -t exited with 1: .*key values mismatch/s,
    );
    expect(readFileSync(nginx.certPath, 'utf8')).toBe(first.fullchainPem);
    expect(signals(engine)).toEqual([]);
  });

  test('A command that does not exist in the container refuses the installed files', async () => {
    const { deploy, nginx, first } = await aContainer();

    const line = await deploy(await aVersion(), { validateCommand: ['/nowhere/nginx', '-t'] });

    expect(line).toMatchObject({ outcome: 'validate_failed' });
    expect(line.summary).toContain('exited with 127');
    expect(readFileSync(nginx.certPath, 'utf8')).toBe(first.fullchainPem);
  });

  test.each([
    {
      problem: 'the folder of the files is not mounted',
      mounts: (folder: string) => [join(folder, 'tmp')],
      text: /no mount of container web contains \S+\/privkey.pem.*mount its folder \(docker run -v \S+\/tls:…\)/,
      reason: 'PlanInvalid',
    },
    {
      problem: 'a file is mounted alone',
      mounts: (folder: string) => [join(folder, 'tls/fullchain.pem'), join(folder, 'tls/privkey.pem')],
      text: /mounts \S+\/privkey.pem as a single file, so it would keep the previous file/,
      reason: 'PlanInvalid',
    },
    {
      problem: 'a file is mounted alone in addition to its folder',
      mounts: (folder: string) => [join(folder, 'tls'), join(folder, 'tls/fullchain.pem')],
      text: /mounts \S+\/fullchain.pem as a single file/,
      reason: 'PlanInvalid',
    },
    {
      problem: 'there is no such container',
      changes: { reload: { container: 'wbe' } },
      text: /there is no container wbe; docker ps -a and podman ps -a list the names; nothing was changed/,
      reason: 'DaemonUnreachable',
    },
    {
      problem: 'the socket of the engine does not exist',
      changes: { reload: { container: 'web', socket: '/nowhere/engine.sock' } },
      text: /\/nowhere\/engine.sock: the socket does not exist; start the engine .*; nothing was changed/,
      reason: 'DaemonUnreachable',
    },
  ])(
    'The agent refuses a deployment before any file changes if $problem',
    async ({ mounts, changes, text, reason }) => {
      const { deploy, nginx, engine, socket } = await aContainer(mounts);
      const before = [identityOf(nginx.certPath), identityOf(nginx.keyPath)];
      const reload = { socket, ...(changes?.reload ?? { container: 'web' }) };

      const line = await deploy(await aVersion(), { reload });

      expect(line).toMatchObject({ outcome: 'rejected', reason });
      expect(line.summary).toMatch(text);
      expect([identityOf(nginx.certPath), identityOf(nginx.keyPath)]).toEqual(before);
      expect(signals(engine)).toEqual([]);
    },
  );

  test('The agent refuses a deployment to a container that does not run, and names the command that starts it', async () => {
    const { deploy, nginx, first, socket } = await aContainer();
    await nginx.stop();

    const line = await deploy(await aVersion());

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'DaemonUnreachable' });
    expect(line.summary).toContain(
      `container web does not run (docker -H unix://${socket} start web); nothing was changed`,
    );
    expect(readFileSync(nginx.certPath, 'utf8')).toBe(first.fullchainPem);
  });

  test('A link is accepted if the container mounts a folder above both the link and the file', async () => {
    const { deploy, nginx, folder } = await aContainer((root) => [root]);
    mkdirSync(join(folder, 'live'));
    const [certPath, keyPath] = [join(folder, 'live/cert.pem'), join(folder, 'live/key.pem')];
    symlinkSync(nginx.certPath, certPath);
    symlinkSync(nginx.keyPath, keyPath);
    const next = await aVersion();

    const line = await deploy(next, { certPath, keyPath });

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(await servedBy(nginx.port)).toBe(next.fingerprint);
  });

  test('If the engine refuses the signal, the agent restores the previous files and signals the container again', async () => {
    const { deploy, nginx, engine, first } = await aContainer();
    engine.refuseSignals = 1;

    const line = await deploy(await aVersion());

    expect(line).toMatchObject({ outcome: 'reload_failed', reason: 'ReloadFailed' });
    expect(line.summary).toContain('container web did not get SIGHUP: the engine returned HTTP 500');
    expect(readFileSync(nginx.certPath, 'utf8')).toBe(first.fullchainPem);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    expect(signals(engine)).toHaveLength(2);
  });

  test('If the container stops after the signal, the agent restores the previous files and starts it', async () => {
    const { deploy, nginx, engine, first, pid } = await aContainer();
    engine.beforeSignal = () => {
      engine.beforeSignal = null;
      process.kill(pid(), 'SIGTERM');
    };

    const line = await deploy(await aVersion());

    expect(line).toMatchObject({ outcome: 'reload_failed' });
    expect(line.summary).toContain('container web got SIGHUP and then stopped');
    await until(
      async () => (await servedBy(nginx.port).catch(() => '')) === first.fingerprint,
      'the first version',
    );
  });

  test('If the signal fails twice, the result names the command that signals the container', async () => {
    const { deploy, engine, socket, nginx, first } = await aContainer();
    engine.refuseSignals = 2;

    const line = await deploy(await aVersion());

    expect(line).toMatchObject({ outcome: 'rollback_failed' });
    expect(line.repair?.commands).toEqual([`docker -H unix://${socket} kill -s HUP web`]);
    expect(readFileSync(nginx.certPath, 'utf8')).toBe(first.fullchainPem);
  });

  test('Undo restores the previous version in the container', async () => {
    const { deploy, engine, nginx, host, target, first } = await aContainer();
    const header = { deploymentId: 'd-undone' };
    await host.send('deploy', { target, version: await aVersion(), header });

    const line = await host.send('undo', { target, header });

    expect(line).toMatchObject({ outcome: 'restored', served: true });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    expect(signals(engine)).toHaveLength(2);
    expect(await deploy(await aVersion())).toMatchObject({ outcome: 'applied' });
  });
});
