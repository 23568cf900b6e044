import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { type Nginx, nginxIn } from '../daemons/nginx.ts';
import { presentedBy } from '../daemons/presented.ts';
import { describeWith, program, root } from '../daemons/require-daemon.ts';
import { aVersion } from '../factories/certificates.ts';
import { filesBelow, fingerprintOfFile, pairMatches, scratchFolder } from './disk.ts';
import { type Call, fileChangingCalls, killAt, recordTo } from './file-changing-calls.ts';
import { aTarget, runAgentWith, testHost } from './run-agent.ts';

const scratch = scratchFolder();
const running: Nginx[] = [];
afterAll(async () => {
  for (const nginx of running) await nginx.stop();
});

async function aSite(name: string) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  running.push(nginx);
  const host = testHost(join(folder, 'home'));
  const { certPath, keyPath, validateCommand, reloadCommand } = nginx;
  const config = { certPath, keyPath, validateCommand };
  const old = await aVersion();
  await host.send('deploy', {
    target: aTarget('nginx', { ...config, reloadCommand: ['true'] }),
    version: old,
  });
  await nginx.start();
  const target = aTarget('nginx', { ...config, reloadCommand });
  return { folder, nginx, host, target, old };
}
type Site = Awaited<ReturnType<typeof aSite>>;

/** Whether the daemon, restarted on the files as the dead agent left them, serves; and that it is old or new. */
async function restartServes(site: Site, next: IssuedCertificate): Promise<boolean> {
  await site.nginx.stop();
  if (site.nginx.startFails()) return false;
  await site.nginx.start();
  expect([site.old.fingerprint, next.fingerprint]).toContain(await presentedBy(site.nginx.port));
  return true;
}

/** One more run, of any job: it mends what the dead one left. */
async function recover(site: Site): Promise<void> {
  await site.host.send('inspect', { target: site.target });
}

async function expectMended(site: Site, next: IssuedCertificate): Promise<void> {
  const { nginx, host, old } = site;
  expect(pairMatches(nginx.certPath, nginx.keyPath)).toBe(true);
  expect([old.fingerprint, next.fingerprint]).toContain(fingerprintOfFile(nginx.certPath));
  expect(filesBelow(join(nginx.certPath, '..'))).toEqual(['fullchain.pem', 'privkey.pem']);
  expect(existsSync(join(host.home, 'journal.json'))).toBe(false);
  expect(filesBelow(host.home).filter((name) => name.endsWith('.next'))).toEqual([]);
  const scratchMount = join(host.home, 'scratch');
  expect(existsSync(scratchMount) ? readdirSync(scratchMount) : []).toEqual([]);
  if (nginx.startFails()) throw new Error('nginx does not start on the mended files');
}

/** Makes the site serve `old` again, so that the next death starts from the same place. */
async function reset(site: Site): Promise<void> {
  await site.nginx.stop();
  await site.nginx.start();
  const line = await site.host.send('deploy', { target: site.target, version: site.old });
  expect(['applied', 'unchanged']).toContain(line.outcome);
}

async function recordedCalls(site: Site, wrapper: (options: string[]) => Promise<unknown>): Promise<Call[]> {
  const trace = join(site.folder, 'trace');
  await wrapper(recordTo(trace));
  const calls = fileChangingCalls(trace, site.folder);
  rmSync(trace);
  return calls;
}

describeWith(
  [program('nginx'), program('strace'), program('unshare', 'util-linux'), root],
  'agent killed by SIGKILL',
  () => {
    test('leaves old or new at every file-changing call of a renewal, and the next run mends the rest', async () => {
      const site = await aSite('renewal');
      const next = await aVersion();
      const deploy = async (wrapper: string[]) =>
        runAgentWith(
          site.host.home,
          await site.host.jobText('deploy', { target: site.target, version: next }),
          wrapper,
        );
      const calls = await recordedCalls(site, deploy);
      await reset(site);
      const doesNotStart: string[] = [];
      const died: string[] = [];

      for (const call of calls) {
        const run = await deploy(killAt(call));
        if (run.line === null) died.push(call.text);
        if (!(await restartServes(site, next))) doesNotStart.push(call.text);
        await recover(site);
        await expectMended(site, next);
        await reset(site);
      }

      expect(calls.length).toBeGreaterThan(40);
      expect(died.length).toBeGreaterThan(calls.length * 0.9);
      // the documented window: the key is renamed, the certificate not yet
      expect(doesNotStart).toHaveLength(1);
      expect(doesNotStart[0]).toMatch(/^rename\(.*fullchain\.pem/);
      console.info(
        `killed at ${died.length} of ${calls.length} file-changing calls; does not start at: ${doesNotStart}`,
      );
    }, 600_000);

    test('mends also when the mending run is killed, at every file-changing call of its own', async () => {
      const site = await aSite('mending');
      const next = await aVersion();
      const deploy = async (wrapper: string[]) =>
        runAgentWith(
          site.host.home,
          await site.host.jobText('deploy', { target: site.target, version: next }),
          wrapper,
        );
      const all = await recordedCalls(site, deploy);
      const worst = all.filter(
        ({ name, text }) => name === 'rename' && text.includes('"') && text.includes('/tls/fullchain.pem'),
      );
      const between = worst.at(-1);
      if (between === undefined) throw new Error('the renewal has no rename of the certificate');
      await reset(site);
      const inspect = async (wrapper: string[]) =>
        runAgentWith(site.host.home, await site.host.jobText('inspect', { target: site.target }), wrapper);
      await deploy(killAt(between));
      const calls = await recordedCalls(site, inspect);
      await reset(site);

      for (const call of calls) {
        await deploy(killAt(between));
        expect(pairMatches(site.nginx.certPath, site.nginx.keyPath)).toBe(false);
        await inspect(killAt(call));
        await recover(site);
        await expectMended(site, next);
        expect(fingerprintOfFile(site.nginx.certPath)).toBe(site.old.fingerprint);
        await reset(site);
      }

      expect(calls.length).toBeGreaterThan(10);
      console.info(`the mending run was killed at ${calls.length} file-changing calls`);
    }, 600_000);
  },
);
