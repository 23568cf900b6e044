/**
 * The table of target kinds. To add a kind: write its schema file beside this one, add a row here, and write its connector
 * (`agent-scripts/connectors/`). The union of targets, the types and the JSON Schema follow from this table.
 */
import type * as z from 'zod/mini';
import { usualVerifyDefaults, type VerifyDefaults } from '../verify-defaults.ts';
import { AcmConfig } from './acm.ts';
import { ApacheConfig } from './apache.ts';
import { CaddyConfig } from './caddy.ts';
import type { Credential } from './credential.ts';
import { DovecotConfig } from './dovecot.ts';
import { EnvoyConfig } from './envoy.ts';
import { F5Config } from './f5.ts';
import { FilesConfig, protocolOfPreset } from './files.ts';
import { HaproxyConfig } from './haproxy.ts';
import { JavakeystoreConfig } from './javakeystore.ts';
import { K8sSecretConfig } from './k8ssecret.ts';
import { NginxConfig } from './nginx.ts';
import { PostfixConfig } from './postfix.ts';
import type { ProbeProtocol } from './probe-protocol.ts';
import { SshConfig } from './ssh.ts';
import { TraefikConfig } from './traefik.ts';

interface Kind {
  /** The schema of `config`, with its defaults. */
  readonly config: z.ZodMiniType;
  /**
   * `files`: the agent writes files on its host. `store`: the agent changes a certificate through the API of a service, or
   * over a connection, so it can also run in a function (`host: lambda`).
   */
  readonly changes: 'files' | 'store';
  /** Shown by editors for a target of this kind. */
  readonly description: string;
  /** How TLS begins if `verify` names no protocol; `tls` without this function. */
  readonly protocolOf?: (config: never) => ProbeProtocol;
  /**
   * The waits between probes of a service that takes a new certificate over minutes. Default: those of
   * {@link usualVerifyDefaults}.
   */
  readonly verifyDefaults?: VerifyDefaults;
  /** `true`: the store returns no keys, so a restore needs the key of the previous version from elsewhere. */
  readonly returnsNoKeys?: boolean;
  /** `true`: the service accepts only AWS credentials. Local mode uses them only if the operator names them. */
  readonly needsAwsCredentials?: boolean;
  /** The fields of `config` that are a {@link Credential}. A field may be absent. */
  readonly credentials?: readonly string[];
}

export const kinds = {
  nginx: { config: NginxConfig, changes: 'files', description: 'nginx, with certificate and key in files.' },
  files: {
    config: FilesConfig,
    changes: 'files',
    description: 'Any daemon that reads PEM files: with a preset, or with your own paths and commands.',
    protocolOf: protocolOfPreset,
  },
  caddy: {
    config: CaddyConfig,
    changes: 'files',
    description: 'Caddy, with files or through its admin API.',
  },
  apache: { config: ApacheConfig, changes: 'files', description: 'Apache httpd with mod_ssl.' },
  haproxy: {
    config: HaproxyConfig,
    changes: 'files',
    description: 'haproxy, with a reload or through its stats socket.',
  },
  postfix: { config: PostfixConfig, changes: 'files', description: 'The SMTP server of Postfix.' },
  dovecot: {
    config: DovecotConfig,
    changes: 'files',
    description: 'Dovecot: IMAP, POP3, submission and ManageSieve.',
  },
  traefik: { config: TraefikConfig, changes: 'files', description: 'Traefik with its file provider.' },
  envoy: { config: EnvoyConfig, changes: 'files', description: 'Envoy, which watches its files.' },
  javakeystore: {
    config: JavakeystoreConfig,
    changes: 'files',
    description: 'A keystore of Java (PKCS12 or JKS), of which one entry is replaced.',
    credentials: ['storePassword', 'keyPassword'],
  },
  acm: {
    config: AcmConfig,
    changes: 'store',
    description: 'AWS Certificate Manager, for load balancers, CloudFront and API Gateway.',
    returnsNoKeys: true,
    needsAwsCredentials: true,
    // 915 s in all: load balancers and CloudFront take an imported certificate over minutes
    verifyDefaults: { attempts: 19, initialBackoffSeconds: 5, maxBackoffSeconds: 60 },
  },
  k8ssecret: {
    config: K8sSecretConfig,
    changes: 'store',
    description: 'A TLS Secret in a Kubernetes cluster, for ingress controllers and pods.',
    // 150 s in all: the kubelet updates mounted Secrets after about a minute
    verifyDefaults: { attempts: 9, initialBackoffSeconds: 2, maxBackoffSeconds: 30 },
    credentials: ['kubeconfig', 'token'],
  },
  ssh: {
    config: SshConfig,
    changes: 'store',
    description: 'Files on a server that is reached by SSH, without an agent on it.',
    credentials: ['password', 'privateKey', 'passphrase', 'userCertificate'],
  },
  f5: {
    config: F5Config,
    changes: 'store',
    description: 'A client-SSL profile of an F5 BIG-IP, through iControl REST.',
    credentials: ['password'],
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type TargetKind = keyof typeof kinds;
export const targetKinds = Object.keys(kinds) as TargetKind[];

type KindsThatChange<Changed extends Kind['changes']> = {
  [Name in TargetKind]: (typeof kinds)[Name]['changes'] extends Changed ? Name : never;
}[TargetKind];

/** The kinds with files on a host. */
export type FileKind = KindsThatChange<'files'>;
/** The kinds that a service stores. */
export type StoreKind = KindsThatChange<'store'>;

/** Whether a target of this kind is stored by a service, not in files on its host. */
export function isStoreKind(kind: TargetKind): kind is StoreKind {
  return (kinds[kind] as Kind).changes === 'store';
}

/** The credentials of a target, by the name of their field in `config`. */
export function credentialsOf(kind: TargetKind, config: object): Readonly<Record<string, Credential>> {
  const { credentials = [] }: Kind = kinds[kind];
  const values = config as Readonly<Record<string, Credential | undefined>>;
  return Object.fromEntries(
    credentials.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])),
  );
}

/** The parsed `config` of a kind. */
export type ConfigOf<Kind extends TargetKind> = z.output<(typeof kinds)[Kind]['config']>;

/** How TLS begins on the endpoint of a target whose `verify` names no protocol. */
export function defaultProtocolOf(kind: TargetKind, config: unknown): ProbeProtocol {
  const { protocolOf }: Kind = kinds[kind];
  return protocolOf?.(config as never) ?? 'tls';
}

/** The defaults of `verify` for a target of this kind. */
export function verifyDefaultsOf(kind: TargetKind): VerifyDefaults {
  const { verifyDefaults = usualVerifyDefaults }: Kind = kinds[kind];
  return verifyDefaults;
}

/** Whether targets of this kind need AWS credentials. */
export function needsAwsCredentials(kind: TargetKind): boolean {
  return (kinds[kind] as Kind).needsAwsCredentials ?? false;
}

/** Whether a restore of this kind needs the key of the previous version from a source, or from a kept copy. */
export function returnsNoKeys(kind: TargetKind): boolean {
  return (kinds[kind] as Kind).returnsNoKeys ?? false;
}
