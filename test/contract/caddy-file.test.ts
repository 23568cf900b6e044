import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownershipOf } from '../agent-scripts/disk.ts';
import { fileSite, loadFilesSite, loadPemSite } from '../rigs/caddy-site.ts';
import { handshakesDuring } from '../rigs/handshakes.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { tcpMigration, withTcpMigration } from '../rigs/tcp-migration.ts';
import { caddyNeeds, useCaddies } from './hosted-caddy.ts';

const { aCaddy, aRunningCaddy } = useCaddies();

describeWith(caddyNeeds, 'caddy kind', () => {
  test('caddy takes the certificate that a Caddyfile names', async () => {
    const { caddy, site, folder, version, deploy, serves } = await aCaddy(fileSite);
    const configPath = join(folder, 'Caddyfile');
    writeFileSync(
      configPath,
      `{
  admin ${caddy.adminAddress}
  auto_https off
  storage file_system ${join(folder, 'storage')}
}
https://www.example.test:${caddy.port} {
  bind 127.0.0.1
  tls ${caddy.certPath} ${caddy.keyPath}
  respond ok
}
`,
    );
    const [first, next] = [await version(), await version()];
    site.installByHand(first);
    await caddy.start('--config', configPath);
    await serves(first);

    const line = await deploy(next, { configPath });

    expect(line).toMatchObject({ outcome: 'applied', validatedIn: 'sandbox', served: true });
    await serves(next);

    // an adapted Caddyfile is an ordinary running configuration
    const later = await version();
    const api = { mode: 'api', configPath: undefined, adminAddress: caddy.adminAddress };
    expect(await deploy(later, api)).toMatchObject({ outcome: 'applied', served: true });
    await serves(later);
  });

  test('caddy loads the configuration file, so what was changed through the API is gone', async () => {
    const { caddy, version, deploy } = await aRunningCaddy(fileSite);
    const path = '/config/apps/http/servers/web/routes';
    const route = { handle: [{ handler: 'static_response', body: 'from the API' }] };
    expect((await caddy.admin('POST', path, route)).status).toBe(200);

    await deploy(await version());

    expect((await caddy.admin('GET', path)).body).not.toContain('from the API');
  });

  test('caddy keeps what was changed through the API in mode api', async () => {
    const { caddy, version, deploy } = await aRunningCaddy(loadFilesSite);
    const path = '/config/apps/http/servers/web/routes';
    const route = { handle: [{ handler: 'static_response', body: 'from the API' }] };
    expect((await caddy.admin('POST', path, route)).status).toBe(200);

    await deploy(await version());

    expect((await caddy.admin('GET', path)).body).toContain('from the API');
  });

  test('caddy is rehearsed, and refused where its configuration names other files than the target', async () => {
    const { caddy, version, deploy, serves } = await aRunningCaddy(fileSite);
    const next = await version();
    expect(await deploy(next, { rehearse: true })).toMatchObject({ outcome: 'applied', warnings: [] });
    await serves(next);

    // the configuration and the target name different files
    const conf = readFileSync(caddy.conf, 'utf8');
    for (const path of [caddy.certPath, caddy.keyPath]) copyFileSync(path, `${path}.old`);
    writeFileSync(caddy.conf, conf.replaceAll('.pem"', '.pem.old"'));
    const line = await deploy(await version(), { rehearse: true });

    expect(line).toMatchObject({ outcome: 'validate_failed' });
    await serves(next);
  });

  test('caddy gives a new key to the group that Caddy runs as', async () => {
    const { caddy, deploy, version } = await aCaddy(fileSite);

    await deploy(await version(), { reloadCommand: ['true'] });

    const gid = /^caddy:[^:]*:(\d+):/m.exec(readFileSync('/etc/group', 'utf8'))?.[1] ?? '0';
    expect(ownershipOf(caddy.keyPath)).toBe(`0640 0:${gid}`);
    expect(ownershipOf(caddy.certPath)).toBe('0644 0:0');
  });
});

// Caddy opens its port again for each configuration; without the migration, connections waiting at the old socket are reset
describeWith([...caddyNeeds, tcpMigration], 'handshakes while Caddy takes a new certificate', () => {
  test.for([
    ['file', fileSite],
    ['API, load_files', loadFilesSite],
    ['API, load_pem', loadPemSite],
  ] as const)('%s: none is lost', async ([, make]) => {
    const { caddy, version, deploy, serves } = await aRunningCaddy(make);
    const versions = [await version(), await version(), await version(), await version()];

    const { result, count, failures } = await withTcpMigration(() =>
      handshakesDuring(caddy.port, async () => {
        const outcomes: string[] = [];
        for (const next of versions) outcomes.push((await deploy(next)).outcome);
        return outcomes;
      }),
    );

    expect(result).toEqual(versions.map(() => 'applied'));
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(100);
    await serves(versions[3] as (typeof versions)[number]);
  });
});
