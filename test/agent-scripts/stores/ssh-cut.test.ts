import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ssh } from '../../../agent-scripts/stores/ssh/connector.ts';
import type { SshPlan } from '../../../agent-scripts/stores/ssh/plan.ts';
import type { Store } from '../../../agent-scripts/stores/store.ts';
import { type CuttingProxy, startCuttingProxy } from '../../rigs/cutting-proxy.ts';
import { describeWith } from '../../rigs/require-daemon.ts';
import { accounts, type Sshd, sshdNeeds, startSshd } from '../../rigs/sshd.ts';
import { desiredOf, sshAccess } from './ssh-access.ts';

describeWith(sshdNeeds, 'ssh: a lost connection', () => {
  let scratch: string;
  let sshd: Sshd;
  let proxy: CuttingProxy;
  let folders = 0;
  let old: Awaited<ReturnType<typeof desiredOf>>;
  let next: Awaited<ReturnType<typeof desiredOf>>;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'certferry-sshd-'));
    sshd = await startSshd(scratch);
    proxy = await startCuttingProxy(sshd.port);
    [old, next] = [await desiredOf(), await desiredOf()];
  });
  afterAll(async () => {
    await proxy.stop();
    await sshd.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A target with the old version, and the contents of its two files. */
  function aSite() {
    folders += 1;
    const { here } = sshd.folderOf('deploy', `site-${String(folders).padStart(4, '0')}`);
    const [certPath, keyPath] = [join(here, 'fullchain.pem'), join(here, 'privkey.pem')];
    const write = (path: string, text: string, mode: number): void => {
      writeFileSync(path, text, { mode });
      chownSync(path, accounts.deploy, accounts.deploy);
    };
    write(certPath, old.bundle.leaf + old.bundle.chain.join(''), 0o644);
    write(keyPath, old.bundle.key, 0o600);
    const config = {
      certPath,
      keyPath,
      validateCommand: ['test', '-s', '{cert}', '-a', '-s', '{key}'],
      reloadCommand: 'true',
    };
    const versionIn = (path: string): string => {
      const text = readFileSync(path, 'utf8');
      const of = (bundle: typeof old.bundle) =>
        [bundle.leaf + bundle.chain.join(''), bundle.key].includes(text);
      if (of(old.bundle)) return 'old';
      return of(next.bundle) ? 'new' : 'half';
    };
    return {
      open: (port: number, deploymentId = 'deploy-1'): Promise<Store<SshPlan>> =>
        ssh.open(sshAccess(sshd, { deploymentId, config: { ...config, port } })),
      pair: () => [versionIn(certPath), versionIn(keyPath)],
      leftovers: () => readdirSync(here).filter((name) => /\+(new|restore)$/.test(name)),
    };
  }
  type Site = ReturnType<typeof aSite>;

  /** The steps of a deployment, in their order. Returns the plan that the journal would have, and whether the run ended. */
  async function deploy(site: Site, port: number, deploymentId?: string) {
    let plan: SshPlan | null = null;
    let store: Store<SshPlan> | null = null;
    try {
      store = await site.open(port, deploymentId);
      ({ plan } = await store.plan(next));
      await store.validate(plan, next);
      await store.apply(plan, next);
      await store.observe();
      await store.collect([plan]);
      return { plan, error: null };
    } catch (error) {
      return { plan, error: error as Error };
    } finally {
      await store?.close();
    }
  }
  async function restore(site: Site, plan: SshPlan, port: number): Promise<Error | null> {
    let store: Store<SshPlan> | null = null;
    try {
      store = await site.open(port);
      await store.restore(plan);
      return null;
    } catch (error) {
      return error as Error;
    } finally {
      await store?.close();
    }
  }

  /** After each message, and at some bytes inside one. */
  function cuts(boundaries: readonly number[]): number[] {
    const inside = boundaries
      .flatMap((end, index) => (index % 6 === 0 ? [] : [end - 1]))
      .filter((_, index) => index % 7 === 0);
    return [...new Set([...boundaries, ...inside])];
  }

  test('A deployment whose connection is lost after any message can be undone, and repeated.', async () => {
    const whole = aSite();
    expect((await deploy(whole, proxy.port)).error).toBeNull();
    expect(whole.pair()).toEqual(['new', 'new']);
    const points = cuts(proxy.boundaries());
    expect(points.length).toBeGreaterThan(60);

    const seen = new Set<string>();
    for (const [index, bytes] of points.slice(0, -1).entries()) {
      const site = aSite();
      proxy.cutAfter(bytes);
      const { plan, error } = await deploy(site, proxy.port);
      proxy.cutAfter(null);
      if (error !== null) expect([error.name, bytes]).toEqual(['StoreUnreachable', bytes]);
      seen.add(site.pair().join());
      expect(site.pair()).not.toContain('half');
      if (plan === null) {
        expect(site.pair()).toEqual(['old', 'old']);
        continue;
      }
      expect(await restore(site, plan, sshd.port)).toBeNull();
      expect([site.pair(), bytes]).toEqual([['old', 'old'], bytes]);
      if (index % 10 !== 0) continue;
      expect((await deploy(site, sshd.port, 'deploy-2')).error).toBeNull();
      expect(site.pair()).toEqual(['new', 'new']);
      expect(site.leftovers()).toEqual([]);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['old,old', 'new,new']));
  });
  test('A restore whose connection is lost after any message can be repeated.', async () => {
    const installed = async () => {
      const site = aSite();
      const { plan } = await deploy(site, sshd.port);
      if (plan === null) throw new Error('the deployment has no plan');
      return { site, plan };
    };
    const whole = await installed();
    expect(await restore(whole.site, whole.plan, proxy.port)).toBeNull();
    const points = cuts(proxy.boundaries());

    const seen = new Set<string>();
    for (const bytes of points.slice(0, -1)) {
      const { site, plan } = await installed();
      proxy.cutAfter(bytes);
      await restore(site, plan, proxy.port);
      proxy.cutAfter(null);
      seen.add(site.pair().join());
      expect(await restore(site, plan, sshd.port)).toBeNull();
      expect([site.pair(), bytes]).toEqual([['old', 'old'], bytes]);
      expect(site.leftovers()).toEqual([]);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['new,new', 'old,old']));
  });
  test('A server with another host key receives no byte of a credential or of the bundle.', async () => {
    const foreign = await startCuttingProxy(sshd.port);
    const log = sshd.log().length;
    const access = sshAccess(sshd, {
      credentials: { privateKey: sshd.key, password: sshd.password },
      config: { port: foreign.port, hostKey: `SHA256:${'A'.repeat(43)}` },
    });

    await expect(ssh.open(access)).rejects.toMatchObject({ name: 'ServerNotTrusted' });

    // the messages before the keys are exchanged are not encrypted: name and version, algorithms, our half of the exchange
    const messages = foreign.boundaries();
    expect(messages.length).toBeLessThanOrEqual(4);
    expect(foreign.received().toString('latin1')).toMatch(/^SSH-2\.0-/);
    expect(foreign.received().includes(sshd.password)).toBe(false);
    expect(sshd.log().slice(log)).not.toMatch(/(Accepted|Failed|Postponed|Invalid user)|for deploy/);
    await foreign.stop();
  });
});
