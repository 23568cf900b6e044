import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { ownershipOf, scratchFolder } from '../agent-scripts/disk.ts';
import { observe } from '../core/tls-probe/endpoints.ts';
import { mariadb } from '../rigs/mariadb.ts';
import { mosquitto } from '../rigs/mosquitto.ts';
import { idsOf } from '../rigs/open-folder.ts';
import { postgresql } from '../rigs/postgresql.ts';
import { type PresetDaemon, presetSite, underContract } from '../rigs/preset-site.ts';
import { redis } from '../rigs/redis.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { connectorContract } from './connector.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';
import type { Site } from './site.ts';

/** Expected result if the daemon cannot read the key, depending on whether its reload reports that. */
const resultOfUnreadableKey: readonly (readonly [PresetDaemon, Partial<AgentLine>])[] = [
  // pg_reload_conf() only requests a reload; the server keeps the previous pair
  [postgresql, { outcome: 'applied', served: false }],
  [mariadb, { outcome: 'reload_failed' }],
  [redis, { outcome: 'reload_failed' }],
  // a signal reports no result
  [mosquitto, { outcome: 'applied' }],
];

const daemons = resultOfUnreadableKey.map(([daemon]) => daemon);
for (const daemon of daemons) connectorContract(underContract(daemon));

const scratch = scratchFolder();
let count = 0;
let running: Site | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function aPresetHost(daemon: PresetDaemon): Promise<HostedSite> {
  const hosted = await aHostedSite(underContract(daemon), join(scratch, `${++count}`));
  running = hosted.site;
  return hosted;
}

async function startWithoutTls(daemon: PresetDaemon): Promise<Site> {
  const folder = join(scratch, `${++count}`);
  mkdirSync(folder);
  const site = await presetSite(daemon, folder);
  running = site;
  site.withdrawTls();
  await site.start();
  return site;
}

const needs = [...daemons.flatMap((daemon) => daemon.needs), program('unshare', 'util-linux'), root];

describeWith(needs, 'a preset', () => {
  test.each(daemons.map((daemon) => [daemon.preset, daemon] as const))(
    'A preset installs %s with a key that its group can read and no other user can replace',
    async (_, daemon) => {
      const { site, deploy, version } = await aPresetHost(daemon);

      const line = await deploy(await version(), { reloadCommand: ['true'] });
      await site.start();

      expect(ownershipOf(site.keyFile)).toBe(`0640 0:${idsOf(daemon.user).gid}`);
      expect(await site.served()).toBe(line.version?.fingerprint);
    },
  );

  test.each(resultOfUnreadableKey.map(([daemon, end]) => [daemon.preset, daemon, end] as const))(
    'A preset brings %s back to its old pair when the new key is closed to it',
    async (_, daemon, end) => {
      const hosted = await aPresetHost(daemon);
      const { deploy, version, send, serves } = hosted;
      const first = await startByHand(hosted);

      const line = await deploy(await version(), { keyMode: '0600', owner: 'root' });
      const undone = await send('undo', { deploymentId: line.deploymentId });

      expect(line).toMatchObject(end);
      expect(line.served).not.toBe(true);
      expect(undone.outcome).toBe('restored');
      await serves(first);
    },
  );
});

describeWith([...mariadb.needs, ...postgresql.needs, root], 'a probe of a real database', () => {
  test.each([
    [postgresql.preset, 'postgres', postgresql],
    [mariadb.preset, 'mysql', mariadb],
  ] as const)(
    'A probe of a real database reports that %s no longer offers TLS',
    async (_, protocol, daemon) => {
      const { verify } = await startWithoutTls(daemon);

      const seen = await observe(portOf(verify), null, { protocol });

      expect(seen.problem).toBe('STARTTLS is not offered');
    },
  );

  test('mariadb on loopback does not block certferry, however often it probes without logging in', async () => {
    const hosted = await aPresetHost(mariadb);
    const first = await startByHand(hosted);

    const seen = await observe(portOf(hosted.site.verify), null, { protocol: 'mysql', successThreshold: 8 });

    expect(seen).toMatchObject({ ok: true, fingerprint: first.fingerprint });
  });
});

function portOf({ endpoint }: Readonly<Record<string, unknown>>): number {
  return Number(String(endpoint).split(':').at(-1));
}
