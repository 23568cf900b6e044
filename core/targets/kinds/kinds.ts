/**
 * The table of target kinds. To add a kind: write its schema file beside this one, add a row here, and write its connector
 * (`agent-scripts/connectors/`). The union of targets, the types and the JSON Schema follow from this table.
 */
import type * as z from 'zod/mini';
import { ApacheConfig } from './apache.ts';
import { CaddyConfig } from './caddy.ts';
import { DovecotConfig } from './dovecot.ts';
import { EnvoyConfig } from './envoy.ts';
import { FilesConfig, protocolOfPreset } from './files.ts';
import { HaproxyConfig } from './haproxy.ts';
import { NginxConfig } from './nginx.ts';
import { PostfixConfig } from './postfix.ts';
import type { ProbeProtocol } from './probe-protocol.ts';
import { TraefikConfig } from './traefik.ts';

interface Kind {
  /** The schema of `config`, with its defaults. */
  readonly config: z.ZodMiniType;
  /** Shown by editors for a target of this kind. */
  readonly description: string;
  /** How TLS begins if `verify` names no protocol; `tls` without this function. */
  readonly protocolOf?: (config: never) => ProbeProtocol;
}

export const kinds = {
  nginx: { config: NginxConfig, description: 'nginx, with certificate and key in files.' },
  files: {
    config: FilesConfig,
    description: 'Any daemon that reads PEM files: with a preset, or with your own paths and commands.',
    protocolOf: protocolOfPreset,
  },
  caddy: { config: CaddyConfig, description: 'Caddy, with files or through its admin API.' },
  apache: { config: ApacheConfig, description: 'Apache httpd with mod_ssl.' },
  haproxy: { config: HaproxyConfig, description: 'haproxy, with a reload or through its stats socket.' },
  postfix: { config: PostfixConfig, description: 'The SMTP server of Postfix.' },
  dovecot: { config: DovecotConfig, description: 'Dovecot: IMAP, POP3, submission and ManageSieve.' },
  traefik: { config: TraefikConfig, description: 'Traefik with its file provider.' },
  envoy: { config: EnvoyConfig, description: 'Envoy, which watches its files.' },
} as const satisfies Readonly<Record<string, Kind>>;

export type TargetKind = keyof typeof kinds;
export const targetKinds = Object.keys(kinds) as TargetKind[];

/** The parsed `config` of a kind. */
export type ConfigOf<Kind extends TargetKind> = z.output<(typeof kinds)[Kind]['config']>;

/** How TLS begins on the endpoint of a target whose `verify` names no protocol. */
export function defaultProtocolOf(kind: TargetKind, config: unknown): ProbeProtocol {
  const { protocolOf }: Kind = kinds[kind];
  return protocolOf?.(config as never) ?? 'tls';
}
