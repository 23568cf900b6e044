import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { type Pins, shells } from './bootstrap-host.ts';
import { serveTls } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const mebibyte = 1024 * 1024;

const { host, mount, started } = useBootstrapHost();

/** Makes the agent's folder a file system of this size. */
const limitSpace = (mebibytes: number) => mount(host.home, `size=${mebibytes}m`);

/** A runtime of 20 MiB on a server. Its archive has 38% of that, as with Node. */
async function aServedRuntime(listener: (archive: Buffer) => RequestListener) {
  const script = readFileSync(host.publishRuntime('pinned').path, 'utf8');
  const padding = `${'#'.repeat(10 * mebibyte)}${randomBytes(7.5 * mebibyte).toString('base64')}`;
  const runtime = host.publish('runtime', `${script}#${padding}`);
  const { fullchainPem: cert, keyPem: key } = await aVersion({ names: ['localhost'] });
  const trust = join(host.root, 'trust.pem');
  writeFileSync(trust, (await anAuthority()).rootPem);
  const server = await started(serveTls({ cert, key }, listener(gzipSync(readFileSync(runtime.path)))));
  const pins: Pins = {
    runtimeUrl: `https://localhost:${server.port}/node.gz`,
    runtimeSha256: runtime.sha256,
    runtimeBytes: readFileSync(runtime.path).length,
  };
  return { pins, env: { CURL_CA_BUNDLE: trust }, runtime };
}

describeWith([program('curl'), program('flock', 'util-linux')], 'first runs on a host', () => {
  test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
    'Five first runs at once fetch the runtime once, under %s',
    async (_, shell) => {
      let requests = 0;
      const { pins, env } = await aServedRuntime((archive) => (_request, response) => {
        requests += 1;
        response.end(archive);
      });

      const runs = await Promise.all(Array.from({ length: 5 }, () => host.run(pins, env, shell)));

      expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
      expect(requests).toBe(1);
    },
  );

  test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
    'A run that is killed while it fetches releases the lock, and a waiting run fetches, under %s',
    async (_, shell) => {
      const asked = Promise.withResolvers<void>();
      let requests = 0;
      const { pins, env } = await aServedRuntime((archive) => (_request, response) => {
        requests += 1;
        if (requests > 1) return response.end(archive);
        response.write('half of an archive');
        return asked.resolve();
      });
      const killed = host.start(pins, env, shell);
      await asked.promise;
      const waiting = host.start(pins, env, shell);
      expect(await waiting.printed('waiting for its end')).toBe(true);

      // only the shell: its curl remains, but has not inherited the lock
      killed.kill();

      expect(await waiting.ended).toMatchObject({ status: 0 });
      expect(requests).toBe(2);
      expect(host.cached().filter((name) => name.startsWith('.fetch'))).toEqual([]);
      killed.cancel();
      await killed.ended;
    },
  );

  test('Runs on a host without flock fetch without a lock and report it', async () => {
    const runtime = host.publishRuntime('pinned');
    const pins = { runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 };
    const PATH = host.pathWithout('flock');

    const runs = await Promise.all(Array.from({ length: 5 }, () => host.run(pins, { PATH })));

    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
    expect(runs.some(({ stderr }) => stderr.includes('flock is not installed'))).toBe(true);
  });
});

describeWith([root, program('curl'), program('flock', 'util-linux')], 'a small file system', () => {
  test('Five first runs at once succeed where only one download has room', async () => {
    limitSpace(48);
    const { pins, env } = await aServedRuntime((archive) => (_request, response) => response.end(archive));

    const runs = await Promise.all(Array.from({ length: 5 }, () => host.run(pins, env)));

    expect(runs.map(({ status, stderr }) => (status === 0 ? 'ok' : stderr))).toEqual(Array(5).fill('ok'));
  });

  test('A runtime that has no room is not requested, and the error names the needed and the free space', async () => {
    limitSpace(30);
    let requests = 0;
    const { pins, env } = await aServedRuntime((archive) => (_request, response) => {
      requests += 1;
      response.end(archive);
    });

    const ended = await host.run(pins, env);

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toMatch(/needs 38 MiB of free space in .*bin, but only 29 MiB are free/);
    expect(requests).toBe(0);
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });

  test.each([
    ['the archive', 6],
    ['the unpacked runtime', 24],
  ])('A disk that is full before %s is complete ends the run, and nothing of it remains', async (_, size) => {
    limitSpace(size);
    const { pins, env } = await aServedRuntime((archive) => (_request, response) => response.end(archive));
    // as on a host where df does not report the space
    const PATH = host.path(['node', 'curl'], { df: '#!/bin/sh\nexit 1\n' });

    const ended = await host.run({ ...pins }, { ...env, PATH });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toMatch(/could not (fetch|unpack) https:/);
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });
});

describeWith([root], 'a file system with noexec', () => {
  beforeEach(() => mount(host.home, 'noexec'));

  test('A folder that does not allow execution is named with the mount option, before the runtime is fetched', async () => {
    const runtime = host.publishRuntime('pinned');
    rmSync(runtime.path);

    const ended = await host.run({ runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain(`files in ${host.bin} cannot be executed`);
    expect(ended.stderr).not.toContain('could not fetch');
    // the path has a space, which proc(5) writes as an octal number
    expect(ended.stderr).toContain(`the file system ${host.home} has the mount option noexec`);
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });

  test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
    'The path of a file system with noexec is shown as it is if a digit follows a blank, under %s',
    async (_, shell) => {
      const home = join(host.root, 'disk 1 07\\040');
      mount(home, 'noexec');
      const runtime = host.publishRuntime('pinned');

      const ended = await host.run(
        { home, runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 },
        {},
        shell,
      );

      expect(ended.stderr).toContain(`the file system ${home} has the mount option noexec`);
    },
  );

  test('A folder that does not allow execution is enough for an agent that runs on the Node of the host', async () => {
    expect(await host.run()).toMatchObject({ status: 0, stderr: '' });
  });
});
