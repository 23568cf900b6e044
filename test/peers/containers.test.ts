// Podman with its Docker-compatible API and a real nginx in a container. It cannot show Docker, whose API is the model.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { connectorContract } from '../contract/connector.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { nginxDaemon } from '../rigs/nginx-site.ts';
import { type Podman, podmanIn, podmanNeeds, rootFileSystem, runOptions } from '../rigs/podman.ts';
import { untilListening } from '../rigs/processes.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';

const scratch = scratchFolder();
const needs = [...podmanNeeds, program('nginx')];
let engine: Podman;
let rootfs: string;
let count = 0;

beforeAll(async () => {
  if (needs.some((need) => !need.met())) return;
  engine = await podmanIn(join(scratch, 'podman'));
  rootfs = rootFileSystem(join(scratch, 'rootfs'), '/usr/sbin/nginx');
});

afterAll(() => engine?.stop());

interface Contained {
  readonly name: string;
  run(...mounts: string[]): Promise<void>;
  remove(): void;
}

/** nginx as the main process of a container. A folder has the same path in the container as on the host. */
function contained(folder: string, nginx: Nginx): Contained {
  const name = `web-${++count}`;
  return {
    name,
    async run(...mounts) {
      const volumes = mounts.flatMap((path) => ['-v', `${path}:${path}`]);
      const command = ['/usr/sbin/nginx', '-c', nginx.conf, '-g', 'daemon off; user root;'];
      engine.podman('run', '-d', '--name', name, ...runOptions, ...volumes, '--rootfs', rootfs, ...command);
      await untilListening('nginx', nginx.port, join(folder, 'error.log'));
    },
    remove: () => void engine.podman('rm', '-f', '-i', '-t', '2', name),
  };
}

async function siteInContainer(folder: string): Promise<Site> {
  const site = await nginxDaemon.site(folder);
  const [certPath = '', keyPath = ''] = site.liveFiles;
  const { configPath } = site.config as { configPath: string };
  const port = Number(String(site.verify.endpoint).split(':').at(-1));
  const container = contained(folder, { conf: configPath, port } as Nginx);
  const validateCommand = ['nginx', '-c', configPath, '-t'];
  const reload = { container: container.name, socket: engine.socket };
  return {
    ...site,
    config: { certPath, keyPath, validateCommand, reload },
    start: () => container.run(folder),
    stop: async () => container.remove(),
    whileStopped: { reload: undefined, reloadCommand: ['true'] },
    // nginx opens its logs again, and keeps its certificate
    ineffectiveReload: { reload: { ...reload, signal: 'USR1' } },
  };
}

const nginxInPodman: DaemonUnderContract = {
  ...nginxDaemon,
  title: 'nginx in a container of Podman',
  needs,
  site: siteInContainer,
  exceptions: {
    rehearsal: 'the daemon is not installed on the host',
    failedActivation: 'an engine that refuses a signal is a stand-in: test/agent-scripts/containers.test.ts',
    refusal: 'the files are checked after they are installed: test/agent-scripts/containers.test.ts',
    dryRun: 'a container sees only installed files',
  },
};

connectorContract(nginxInPodman);

describeWith(needs, 'mounts of a container of Podman', () => {
  test('A container with a single-file mount keeps the replaced file, and the agent refuses to deploy to it', async () => {
    const folder = join(scratch, 'single');
    const nginx = await nginxIn(folder);
    const [first, next, byHand] = [await aVersion(), await aVersion(), await aVersion()];
    const install = (version: typeof first): void => {
      for (const [path, text] of [
        [nginx.certPath, version.fullchainPem],
        [nginx.keyPath, version.keyPem],
      ] as const) {
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        renameSync(`${path}.new`, path);
      }
    };
    install(first);
    const { name, run, remove } = contained(folder, nginx);
    writeFileSync(join(folder, 'error.log'), '');
    await run(nginx.conf, join(folder, 'tmp'), nginx.certPath, nginx.keyPath, `${folder}/error.log`);
    try {
      const verify = { endpoint: `127.0.0.1:${nginx.port}`, serverName: 'www.example.test' };
      const { certPath, keyPath } = nginx;
      const config = { certPath, keyPath, reload: { container: name, socket: engine.socket } };
      const target = aTarget('nginx', config, verify);

      const line = await testHost(join(folder, 'home')).send('deploy', { target, version: next });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
      expect(line.summary).toContain('as a single file');
      expect(readFileSync(certPath, 'utf8')).toBe(first.fullchainPem);

      // what would have happened
      install(byHand);
      const pid = engine.podman('inspect', '-f', '{{.State.Pid}}', name).trim();
      expect(readFileSync(`/proc/${pid}/root${certPath}`, 'utf8')).toBe(first.fullchainPem);
    } finally {
      remove();
    }
  });
});
