import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadFilesSite, loadPemSite } from '../rigs/caddy-site.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { caddyNeeds, entryOf, useCaddies } from './hosted-caddy.ts';

const { scratch, aCaddy, aRunningCaddy } = useCaddies();

describeWith(caddyNeeds, 'caddy kind, the admin API', () => {
  test("The agent repeats its change through Caddy's admin API when the list changed in the meantime, and loses nothing", async () => {
    const { caddy, site, through, version, deploy } = await aCaddy(loadPemSite);
    const [first, theirs, next] = [await version(), await version(), await version()];
    const tagged = { ...entryOf(theirs), tags: ['theirs'] };
    const list = '/config/apps/tls/certificates/load_pem';
    const seen: number[] = [];
    const meanwhile = through(async (change) => {
      seen.push(change);
      // before the target's entry, which becomes the second one
      if (change === 1) expect((await caddy.admin('PUT', `${list}/0`, tagged)).status).toBe(200);
      return null;
    });
    caddy.configure([{ ...entryOf(first), tags: ['ours'] }]);
    await site.start();

    const line = await deploy(next, { ...meanwhile, tag: 'ours' });

    expect(line.outcome).toBe('applied');
    expect(seen).toEqual([1, 2]);
    expect(await caddy.running()).toEqual([tagged, { ...entryOf(next), tags: ['ours'] }]);
  });

  test.for([
    ['load_files', loadFilesSite],
    ['load_pem', loadPemSite],
  ] as const)("Caddy's admin API touches nothing while the API is down: %s", async ([, make]) => {
    const { caddy, version, deploy, identities, site } = await aRunningCaddy(make);
    const before = identities();
    await caddy.stop();

    const line = await deploy(await version());

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'DaemonUnreachable' });
    expect(line.summary).toContain(`Caddy's admin API at ${caddy.adminAddress}: connect ECONNREFUSED`);
    expect(identities()).toEqual(before);
    await site.start();
  });

  test("Caddy's admin API puts the files back when the API goes down half way", async () => {
    const { caddy, through, version, deploy, identities } = await aRunningCaddy(loadFilesSite);
    const before = identities();
    const stops = through(async () => {
      await caddy.stop();
      return null;
    });

    const line = await deploy(await version(), stops);

    expect(line.outcome).toBe('rollback_failed');
    expect(line.summary).toContain('previous files restored');
    expect(identities()).toEqual(before);
  });

  test("Caddy's admin API leaves the previous one serving when Caddy refuses the new files", async () => {
    const { caddy, version, deploy, identities, first, serves } = await aRunningCaddy(loadFilesSite);
    const before = identities();
    // another entry is no longer readable, which Caddy detects when it reloads all of them
    const list = '/config/apps/tls/certificates/load_files';
    const other = join(caddy.certPath, '../other.pem');
    writeFileSync(other, first.fullchainPem + first.keyPem);
    expect((await caddy.admin('POST', list, { certificate: other, key: other })).status).toBe(200);
    rmSync(other);

    const line = await deploy(await version());

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('which the daemon still uses');
    expect(line.summary).toContain('refused the certificate with HTTP 500');
    expect(line.summary).toContain(other);
    expect(identities()).toEqual(before);
    await serves(first);
  });

  test("Caddy's admin API is found on a unix socket", async () => {
    const socket = join(scratch, 'admin.sock');
    const { version, deploy, serves } = await aRunningCaddy((folder) => loadFilesSite(folder, socket));
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
  });
});
