import { f5 } from '../../agent-scripts/stores/f5/connector.ts';
import type { F5Plan } from '../../agent-scripts/stores/f5/plan.ts';
import type { Desired, Store } from '../../agent-scripts/stores/store.ts';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { F5Config } from '../../core/targets/kinds/f5.ts';
import { account, BigIp, type BigIpOptions, type DeviceCall } from '../fakes/big-ip/big-ip.ts';
import { createFile } from '../fakes/big-ip/configuration.ts';
import { anAuthority, aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';

export const profilePath = '/Common/www';
export const targetId = 'big-ip-www';

/** A version with the forms that a connector takes. */
export interface Version {
  readonly bundle: Bundle;
  readonly version: VersionFacts;
}

export function versionOf({ certPem, chainPem, fullchainPem, keyPem }: IssuedCertificate): Version {
  const version = factsOfPem(fullchainPem);
  if (version === null) throw new Error('the version has no facts');
  const chain = chainPem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
  return { bundle: { leaf: certPem, chain, key: keyPem }, version };
}

export function desired({ bundle, version }: Version): Desired<F5Plan> {
  return { kind: 'bundle', bundle, version };
}

/** A BIG-IP whose profile serves a version that an operator has installed. */
export interface BigIpSite {
  readonly device: BigIp;
  readonly old: Version;
  readonly config: Readonly<Record<string, unknown>>;
  /** Opens the connector for a deployment, as an agent does. */
  open(overrides?: OpenOverrides): Promise<Store<F5Plan>>;
  close(): Promise<void>;
}

export interface OpenOverrides {
  readonly deploymentId?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly password?: string;
  readonly signal?: AbortSignal;
}

interface SiteOptions extends Partial<BigIpOptions> {
  /** Names of the entries of certKeyChain; each has objects of its own. */
  readonly entries?: readonly string[];
  readonly partition?: string;
  readonly profiles?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  /** The version that the profile has at first. */
  readonly old?: Version;
}

let sharedManagement: Promise<IssuedCertificate> | undefined;

export async function startBigIp({
  entries = ['default'],
  partition = 'Common',
  profiles = ['www'],
  config: extra = {},
  old: first,
  ...options
}: SiteOptions = {}): Promise<BigIpSite> {
  sharedManagement ??= aVersion({ names: ['127.0.0.1'] });
  const management = await sharedManagement;
  const device = new BigIp({ certPem: management.fullchainPem, keyPem: management.keyPem, ...options });
  const old = first ?? versionOf(await aVersion());
  install(device, old, { entries, partition, profiles });
  const config = {
    address: '127.0.0.1',
    port: await device.listen(),
    username: account.username,
    password: { secretId: 'f5' },
    partition,
    profile: profiles.length === 1 ? profiles[0] : profiles,
    caCertificate: (await anAuthority()).rootPem,
    ...extra,
  };
  return {
    device,
    old,
    config,
    open: ({ deploymentId = 'deployment-1', password = account.password, signal, ...overrides } = {}) =>
      f5.open({
        config: F5Config.parse({ ...config, ...overrides.config }),
        targetId,
        deploymentId,
        certificate: 'www.example.test',
        credentials: { password },
        previous: { find: async () => null },
        signal: signal ?? new AbortController().signal,
      }),
    close: () => device.close(),
  };
}

interface Place {
  readonly entries: readonly string[];
  readonly partition: string;
  readonly profiles: readonly string[];
}

function install(device: BigIp, { bundle }: Version, { entries, partition, profiles }: Place): void {
  const fileOf = (kind: 'ssl-key' | 'ssl-cert', name: string, text: string) =>
    createFile(device.running, { kind, version: 16, name, partition, text });
  const certKeyChain = entries.map((name) => ({
    name,
    cert: fileOf('ssl-cert', `by-hand-${name}.crt`, bundle.leaf),
    key: fileOf('ssl-key', `by-hand-${name}.key`, bundle.key),
    chain: fileOf('ssl-cert', `by-hand-${name}-chain.crt`, bundle.chain.join('')),
    usage: 'SERVER',
  }));
  for (const name of profiles)
    device.running.profiles.set(`/${partition}/${name}`, {
      name,
      partition,
      generation: 1,
      certKeyChain,
      settings: { ciphers: 'DEFAULT' },
    });
  device.save();
}

/** The names of all key and certificate objects, sorted. */
export function objectNames({ running }: BigIp): string[] {
  return [...running.files['ssl-key'].keys(), ...running.files['ssl-cert'].keys()].sort();
}

/** A new version that the tests deploy. */
export async function aNewVersion(): Promise<Version> {
  return versionOf(await aVersion());
}

/** Plans and applies, and returns the plan. */
export async function deployTo(
  site: BigIpSite,
  next: Version,
  overrides: OpenOverrides = {},
): Promise<F5Plan> {
  const store = await site.open(overrides);
  try {
    const { plan } = await store.plan(desired(next));
    await store.apply(plan, desired(next));
    return plan;
  } finally {
    await store.close();
  }
}

/** The requests of a method whose path contains a part. */
export function callsTo({ device }: BigIpSite, method: string, part: string): DeviceCall[] {
  return device.calls.filter((call) => call.method === method && call.path.includes(part));
}
