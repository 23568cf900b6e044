import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { homeAt } from '../../../agent-scripts/host/home.ts';
import { folderHome } from '../../../agent-scripts/stores/folder-home.ts';
import { performStoreJob } from '../../../agent-scripts/stores/perform-store-job.ts';
import type { StoreHome } from '../../../agent-scripts/stores/store-home.ts';
import type { StoreDeadlines } from '../../../agent-scripts/stores/store-run.ts';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import type { JobAction } from '../../../core/deployment/job.ts';
import { isStoreTarget, Target } from '../../../core/targets/target.ts';
import {
  aTlsSecret,
  contentOf,
  dataOf,
  type NewVersion,
  type SecretSite,
  secretSite,
} from '../../contract/secret-site.ts';
import {
  namespace,
  readSecret,
  removeSecrets,
  secretName,
  startStrictCluster,
  tokens,
  writeSecret,
} from '../../rigs/kubernetes.ts';
import type { Fault } from '../../rigs/kubernetes-api.ts';
import { scratchFolder } from '../disk.ts';

const deadlines: StoreDeadlines = { change: 60_000, restore: 60_000, settle: 1000 };

/** One agent with a home of its own. */
function anAgent(site: SecretSite, folder: string) {
  let fence = 0;
  const home = folderHome(homeAt(folder), 'www');
  const { url, ca } = site.api;
  const target = Target.parse({
    id: 'www',
    certificate: 'www.example.test',
    host: 'local',
    kind: 'k8ssecret',
    config: {
      namespace,
      secret: secretName,
      access: 'token',
      server: url,
      ca,
      token: { secretId: 'unused' },
    },
    verify: 'none',
  });
  if (!isStoreTarget(target)) throw new Error('the target is not one in a store');
  return {
    send(
      action: JobAction,
      deploymentId: string,
      {
        version = null,
        within = deadlines,
        using = home,
      }: { version?: NewVersion | null; within?: StoreDeadlines; using?: StoreHome } = {},
    ): Promise<AgentLine> {
      fence += 1;
      const expiresAt = Math.floor(Date.now() / 1000) + 3600;
      return performStoreJob(
        using,
        {
          header: { v: 1, action, deploymentId, targetId: 'www', fence, expiresAt },
          target,
          bundle: version?.bundle ?? null,
          credentials: { token: tokens.deployer },
          previous: { find: async () => null },
          fenceStep: 1000,
        },
        within,
      );
    },
    home,
  };
}

/** A home of a process that can die: afterwards no call returns. */
function mortal(home: StoreHome): { home: StoreHome; die(): void } {
  let isDead = false;
  const never = new Promise<never>(() => {});
  return {
    home: new Proxy(home, {
      get: (real, name: keyof StoreHome) =>
        isDead ? () => never : (real[name] as (...args: unknown[]) => unknown).bind(real),
    }),
    die: () => {
      isDead = true;
    },
  };
}

describe('Jobs for a Secret', () => {
  const scratch = scratchFolder();
  const site = secretSite(startStrictCluster);
  let agents = 0;
  const newAgent = () => {
    agents += 1;
    return anAgent(site, join(scratch, `home-${agents}`));
  };

  it('A deployment, a second one, its reversal and a rollback leave the version that they report', async () => {
    const agent = newAgent();
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const before = contentOf(await readSecret(site.cluster));
    expect(await agent.send('deploy', 'd-1', { version: site.next })).toMatchObject({ outcome: 'applied' });
    expect(await agent.send('deploy', 'd-2', { version: site.next })).toMatchObject({ outcome: 'unchanged' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.next));
    expect(await agent.send('rollback', 'd-3')).toMatchObject({ outcome: 'applied' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.previous));
    expect(await agent.send('undo', 'd-3')).toMatchObject({ outcome: 'restored' });
    expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.next));
    expect(before?.data).toMatchObject(dataOf(site.previous));
  });

  it('A dry run changes nothing', async () => {
    const agent = newAgent();
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const before = await readSecret(site.cluster);
    expect(await agent.send('validate', 'd-1', { version: site.next })).toMatchObject({
      outcome: 'validated',
    });
    expect(await readSecret(site.cluster)).toEqual(before);
  });

  it('The journal and the receipts contain no key and no token', async () => {
    const agent = newAgent();
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    await agent.send('deploy', 'd-1', { version: site.next });
    const records = JSON.stringify(await agent.home.receipts());
    expect(records).toContain('d-1');
    for (const secret of [
      tokens.deployer,
      ...[site.previous, site.next].map((one) => dataOf(one)['tls.key'].slice(60, 90)),
    ]) {
      expect(records).not.toContain(secret);
    }
  });

  /** The number of requests of a deployment that replaces a certificate. */
  async function requestsOfDeployment(): Promise<number> {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    site.api.requests.length = 0;
    expect(await newAgent().send('deploy', 'd-1', { version: site.next })).toMatchObject({
      outcome: 'applied',
    });
    return site.api.requests.length;
  }

  async function startAgain(): Promise<void> {
    site.api.fault = null;
    await removeSecrets(site.cluster);
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    site.api.requests.length = 0;
  }

  const expectVersion = async (version: NewVersion, message: string) =>
    expect((await readSecret(site.cluster))?.data, message).toMatchObject(dataOf(version));

  const refusal = (code: number): Fault => ({ kind: 'answer', code, body: '{}' });
  const faults: readonly (readonly [string, Fault, StoreDeadlines])[] = [
    ['is refused', { kind: 'refuse' }, deadlines],
    ['loses its answer', { kind: 'lose' }, deadlines],
    ['is cut in its answer', { kind: 'cut' }, deadlines],
    ['gets 500', refusal(500), deadlines],
    ['gets 403', refusal(403), deadlines],
    ['is throttled', { kind: 'answer', code: 429, headers: { 'Retry-After': '0' } }, deadlines],
    ['is delayed past the deadline', { kind: 'hold' }, { ...deadlines, change: 700 }],
  ];

  it.each(faults)(
    'If one request of a deployment %s, the Secret has the version that the result reports',
    async (_, fault, within) => {
      const count = await requestsOfDeployment();
      for (let failing = 0; failing < count; failing += 1) {
        await startAgain();
        site.api.fault = (__, index) => (index === failing ? fault : undefined);
        const { outcome, summary } = await newAgent().send('deploy', 'd-1', { version: site.next, within });
        site.api.fault = null;
        await expectVersion(
          outcome === 'applied' ? site.next : site.previous,
          `request ${failing}: ${outcome}: ${summary}`,
        );
      }
    },
  );

  it.each(['before', 'after'] as const)(
    'If the agent dies %s any request of a deployment, the next job restores the previous version',
    async (moment) => {
      const count = await requestsOfDeployment();
      for (let last = 0; last < count; last += 1) {
        await startAgain();
        const agent = newAgent();
        const { home, die } = mortal(agent.home);
        const died = new Promise<void>((resolve) => {
          site.api.fault = (_, index) => {
            if (index < last) return undefined;
            die();
            resolve();
            return index === last && moment === 'after' ? { kind: 'lose' } : { kind: 'refuse' };
          };
        });
        void agent.send('deploy', 'd-1', { version: site.next, using: home });
        await died;
        await site.api.settled();
        site.api.fault = null;
        expect([dataOf(site.previous), dataOf(site.next)]).toContainEqual(
          tlsPartOf((await readSecret(site.cluster))?.data),
        );
        await agent.send('undo', 'd-1');
        await expectVersion(site.previous, `request ${last}`);
      }
    },
  );
});

const tlsPartOf = (data: Readonly<Record<string, string>> = {}) => ({
  'tls.crt': data['tls.crt'],
  'tls.key': data['tls.key'],
});
