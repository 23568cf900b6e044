import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeAt } from '../../../agent-scripts/host/home.ts';
import { folderHome } from '../../../agent-scripts/stores/folder-home.ts';
import { performStoreJob } from '../../../agent-scripts/stores/perform-store-job.ts';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import type { JobAction } from '../../../core/deployment/job.ts';
import type { StoreTarget } from '../../../core/targets/target.ts';
import { type CuttingProxy, startCuttingProxy } from '../../rigs/cutting-proxy.ts';
import { describeWith } from '../../rigs/require-daemon.ts';
import { type Sshd, sshdNeeds, startSshd } from '../../rigs/sshd.ts';
import { desiredOf, type SshInput, sshAccess } from './ssh-access.ts';
import { fullchain, sshSite } from './ssh-site.ts';

describeWith(sshdNeeds, 'ssh: jobs', () => {
  let scratch: string;
  let sshd: Sshd;
  let proxy: CuttingProxy;
  let names = 0;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'certferry-sshd-'));
    sshd = await startSshd(scratch);
    proxy = await startCuttingProxy(sshd.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await sshd.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A target, its records, and its jobs with ascending fences. */
  function aTarget(config: SshInput = {}) {
    names += 1;
    const site = sshSite(sshd, `jobs-${names}`);
    const home = folderHome(homeAt(mkdtempSync(join(scratch, 'home-'))), 'web-1');
    let fence = 0;
    const perform = async (
      action: JobAction,
      version: Awaited<ReturnType<typeof desiredOf>> | null,
      changes: SshInput = {},
      deploymentId?: string,
    ): Promise<AgentLine> => {
      fence += 1;
      const id = deploymentId ?? `deploy-${fence}`;
      const access = sshAccess(sshd, {
        config: {
          certPath: `${site.there}/fullchain.pem`,
          keyPath: `${site.there}/privkey.pem`,
          reloadCommand: 'true',
          ...config,
          ...changes,
        },
      });
      const target = {
        id: access.targetId,
        certificate: access.certificate,
        host: 'local',
        kind: 'ssh',
        config: access.config,
        verify: 'none',
      } as StoreTarget;
      return performStoreJob(home, {
        header: {
          v: 1,
          action,
          deploymentId: id,
          targetId: target.id,
          fence,
          expiresAt: Math.floor(Date.now() / 1_000) + 3_600,
        },
        target,
        bundle: version?.bundle ?? null,
        credentials: access.credentials,
        previous: access.previous,
        fenceStep: 1_000,
      });
    };
    return { ...site, home, perform };
  }

  test('A server is deployed to, rolled back and undone, and the records contain no key.', async () => {
    const target = aTarget();
    const [first, second] = [await desiredOf(), await desiredOf()];

    expect(await target.perform('validate', first)).toMatchObject({ outcome: 'validate_unsupported' });
    expect(target.names()).toEqual([]);
    expect(await target.perform('deploy', first)).toMatchObject({ outcome: 'applied' });
    expect(await target.perform('deploy', first)).toMatchObject({ outcome: 'unchanged' });
    expect(await target.perform('deploy', second)).toMatchObject({ outcome: 'applied' });
    expect(target.key()).toBe(second.bundle.key);

    expect(await target.perform('rollback', null)).toMatchObject({ outcome: 'applied' });
    expect([target.cert(), target.key()]).toEqual([fullchain(first.bundle), first.bundle.key]);

    expect(await target.perform('undo', null, {}, 'deploy-5')).toMatchObject({ outcome: 'restored' });
    expect([target.cert(), target.key()]).toEqual([fullchain(second.bundle), second.bundle.key]);

    const records = JSON.stringify([await target.home.receipts(), await target.home.readJournal()]);
    for (const { bundle } of [first, second]) expect(records).not.toContain(bundle.key.split('\n')[1]);
  });
  test('The key of the first connection is recorded with the first deployment and required afterwards.', async () => {
    const target = aTarget({ hostKey: 'trustOnFirstUse' });

    const first = await target.perform('deploy', await desiredOf());
    const second = await target.perform('deploy', await desiredOf());

    expect(first.warnings.join()).toMatch(/accepted without a comparison/);
    expect(second).toMatchObject({ outcome: 'applied', warnings: [] });
    // the same server with its other key stands for another server
    const other = await startSshd(mkdtempSync(join(scratch, 'other-')));
    const third = await target.perform('deploy', await desiredOf(), { port: other.port });
    expect(third).toMatchObject({ outcome: 'rejected', reason: 'ServerNotTrusted' });
    await other.stop();
  });
  test('A failed reload restores the previous files and reports the output of the command.', async () => {
    const target = aTarget();
    const [first, second] = [await desiredOf(), await desiredOf()];
    await target.perform('deploy', first);
    const line = await target.perform('deploy', second, {
      reloadCommand: ['sh', '-c', 'echo no such unit; exit 5'],
      restoreCommand: ['true'],
    });

    expect(line).toMatchObject({ outcome: 'reload_failed', reason: 'ReloadFailed' });
    expect(line.summary).toContain('no such unit');
    expect([target.cert(), target.key()]).toEqual([fullchain(first.bundle), first.bundle.key]);
  });
  test('A deployment whose connection is lost near its end is reversed over a new one.', async () => {
    const target = aTarget();
    const [first, second] = [await desiredOf(), await desiredOf()];
    await target.perform('deploy', first);
    // the last messages of a deployment that the proxy records: the renames are among them
    proxy.cutAfter(null);
    await target.perform('deploy', second, { port: proxy.port });
    const boundaries = proxy.boundaries();
    await target.perform('rollback', null);

    const outcomes = new Set<string>();
    for (const bytes of boundaries.slice(-40, -8)) {
      proxy.cutOnce(bytes);
      const line = await target.perform('deploy', second, { port: proxy.port });
      outcomes.add(line.outcome);
      const isNew = line.outcome === 'applied';
      const expected = isNew ? second.bundle : first.bundle;
      expect([bytes, line.outcome, target.cert(), target.key()]).toEqual([
        bytes,
        line.outcome,
        fullchain(expected),
        expected.key,
      ]);
      if (isNew) await target.perform('rollback', null);
    }
    expect([...outcomes]).toContain('reload_failed');
  });
});
