import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { credentialsOf } from '../core/targets/kinds/kinds.ts';
import { Target } from '../core/targets/target.ts';
import { type LocalBackend, openLocalBackend } from '../local/backend/local-backend.ts';
import { bundleOf } from '../test/agent-scripts/run-agent.ts';
import { startRuns } from '../test/contract/stores/store-runs.ts';
import type { StoreSite, StoreUnderContract } from '../test/contract/stores/store-site.ts';
import { acmByArn } from '../test/rigs/acm.ts';
import { bigIpUnderContract } from '../test/rigs/big-ip-contract.ts';
import { storePassword } from '../test/rigs/keystore-site.ts';
import { startStrictCluster } from '../test/rigs/kubernetes.ts';
import { secretStore } from '../test/rigs/secret-contract.ts';
import { sshStore } from '../test/rigs/ssh-store.ts';
import { measureInTurn, show, type Timing } from './measure.ts';

const rounds = 5;

/** One renewal. Returns the number of states that the execution entered; null without an execution. */
type Renew = () => Promise<number | null>;

/**
 * A renewal of each kind in a store and of a keystore: the time, the requests that the service received and the states.
 * No endpoint is verified. The first two rows install in the same kind of store, from a function and from a host.
 */
export async function everyStore(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const backend = await openLocalBackend({ stateDir: join(folder, 'state') });
  const ssh = sshStore();
  const cluster = secretStore('k8ssecret', startStrictCluster);
  const closing: (() => Promise<void>)[] = [() => backend.close(), () => ssh.stop()];
  const inBackend = async (under: StoreUnderContract, host: 'lambda' | 'local') => {
    const site = await under.start(new Map());
    closing.unshift(() => site.close());
    await site.install(bundleOf(await aVersion()));
    const config = withFiles(join(folder, `${under.kind}-${host}`), under.kind, site);
    return {
      site,
      renew: renewing(backend, { id: `${under.kind}-${host}`, host, kind: under.kind, config }),
    };
  };
  const keystore = aKeystore(folder);
  try {
    const acm = await startRuns(acmByArn, join(folder, 'acm'));
    closing.unshift(() => acm.site.close());
    await acm.site.install(await acm.version());
    const rows: Record<string, { readonly site: StoreSite | null; readonly renew: Renew }> = {
      'k8ssecret (function)': await inBackend(cluster, 'lambda'),
      'k8ssecret (host)': await inBackend(cluster, 'local'),
      f5: await inBackend(bigIpUnderContract(), 'lambda'),
      ...(ssh.under.needs?.every((need) => need.met()) ? { ssh: await inBackend(ssh.under, 'lambda') } : {}),
      javakeystore: { site: null, renew: renewing(backend, keystore) },
      'acm (agent alone)': {
        site: acm.site,
        renew: async () => {
          const line = await acm.perform('deploy', { bundle: await acm.version() });
          if (line.outcome !== 'applied') throw new Error(line.summary);
          return null;
        },
      },
    };
    return await measured(rows);
  } finally {
    for (const close of closing) await close();
  }
}

async function measured(
  rows: Readonly<Record<string, { readonly site: StoreSite | null; readonly renew: Renew }>>,
): Promise<string[]> {
  const last = new Map<string, { readonly requests: number | null; readonly states: number | null }>();
  const programs = Object.entries(rows).map(([name, { site, renew }]) => [
    name,
    async () => {
      const before = site?.requests().all ?? 0;
      const states = await renew();
      last.set(name, { requests: site === null ? null : site.requests().all - before, states });
    },
  ]);
  const times = await measureInTurn(rounds, Object.fromEntries(programs));
  const lines = Object.entries(times).map(([name, timing]: [string, Timing]) => {
    const { requests, states } = last.get(name) ?? { requests: null, states: null };
    const counts = [requests, states].map((count) => String(count ?? '–').padStart(10)).join('');
    return `${name.padEnd(24)}${show(timing).padEnd(36)}${counts}`;
  });
  const [fromFunction, fromHost] = Object.values(times) as Timing[];
  const ratio = (fromFunction?.median ?? Number.NaN) / (fromHost?.median ?? Number.NaN);
  return [
    `${'kind'.padEnd(24)}${'renewal in local mode'.padEnd(36)}${'requests'.padStart(10)}${'states'.padStart(10)}`,
    ...lines,
    `function to host: ${ratio.toFixed(2)}; requests of ssh: groups of 12 messages; states: entered by the execution`,
  ];
}

let authority: ReturnType<typeof createAuthority> | undefined;

async function aVersion() {
  authority ??= createAuthority({ name: 'Bench', intermediate: true });
  return (await authority).issue({ names: ['www.example.test'] });
}

function renewing(backend: LocalBackend, described: object): Renew {
  const target = Target.parse({ certificate: 'www.example.test', verify: 'none', ...described });
  return async () => {
    const { fullchainPem, keyPem, fingerprint } = await aVersion();
    const secret = { certificate: fullchainPem, privateKey: keyPem };
    const { output, events } = await backend.deploy({
      target,
      action: 'deploy',
      version: { secret, fingerprint },
    });
    if (output.outcome !== 'deployed_unverified') throw new Error(output.summary);
    return events.filter(({ type }) => type === 'StateEntered').length;
  };
}

/** The config of a site with its credentials in files. */
function withFiles(folder: string, kind: string, { config, credentials }: StoreSite): object {
  mkdirSync(folder, { mode: 0o700 });
  const fields = Object.keys(credentialsOf(kind as Target['kind'], config));
  const files = fields.map((field) => {
    const file = join(folder, field);
    writeFileSync(file, credentials[field] ?? '', { mode: 0o600 });
    return [field, { file }];
  });
  return { ...config, ...Object.fromEntries(files) };
}

/** A target with a keystore that no program reads: the time is that of certferry. */
function aKeystore(folder: string): object {
  const password = join(folder, 'store-password');
  writeFileSync(password, storePassword, { mode: 0o600 });
  mkdirSync(join(folder, 'tls'), { mode: 0o700 });
  const config = {
    ...{ keystorePath: join(folder, 'tls/keystore.p12'), alias: 'server' },
    ...{ storePassword: { file: password }, reloadCommand: ['true'] },
  };
  return { id: 'keystore', host: 'local', kind: 'javakeystore', config };
}
