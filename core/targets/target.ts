import * as z from 'zod/mini';
import { ApacheConfig } from './apache.ts';
import { CaddyConfig } from './caddy.ts';
import { DovecotConfig } from './dovecot.ts';
import { EnvoyConfig } from './envoy.ts';
import { FilesConfig, protocolOf } from './files.ts';
import { HaproxyConfig } from './haproxy.ts';
import { NginxConfig } from './nginx.ts';
import { PostfixConfig } from './postfix.ts';
import { TraefikConfig } from './traefik.ts';
import { OpenVerifyPolicy, VerifyPolicy, withProtocol } from './verify.ts';

/** Identifiers that become file names on a host: no separator, no leading dot. */
export const TargetId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_" and "-", at most 64 characters'),
  );

/**
 * An instance id, a hybrid node's id (either after `<account>/<region>/` when it is not in the stack's own), or this
 * machine: `local`, or `local-<name>` for one of several hosts that local mode plays on it.
 */
export const Host = z
  .string()
  .check(
    z.regex(
      /^(local(-[a-z0-9][a-z0-9-]{0,38})?|(\d{12}\/[a-z0-9-]{6,25}\/)?(i-[0-9a-f]{8,17}|mi-[0-9a-f]{17}))$/,
      'local, local-<name>, i-… or mi-…, these two after <account>/<region>/ when they are elsewhere',
    ),
  );
export type Host = z.infer<typeof Host>;

/** The name under which versions follow each other: a host name, possibly a wildcard. */
export const CertificateName = z
  .string()
  .check(
    z.regex(/^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9])?$/, 'a name such as api.example.com'),
  );

const common = {
  id: TargetId,
  certificate: CertificateName,
  host: Host,
  verify: VerifyPolicy,
};

/** One config schema a kind. Adding a kind is one file beside this one and one line here. */
export const targetConfigs = {
  nginx: NginxConfig,
  files: FilesConfig,
  caddy: CaddyConfig,
  apache: ApacheConfig,
  haproxy: HaproxyConfig,
  postfix: PostfixConfig,
  dovecot: DovecotConfig,
  traefik: TraefikConfig,
  envoy: EnvoyConfig,
} as const;
export type TargetKind = keyof typeof targetConfigs;
export const targetKinds = Object.keys(targetConfigs) as TargetKind[];

/** One strict object for each kind but `files`, each with the `common` fields. */
export function plainKinds<Common extends z.core.$ZodShape>(common: Common) {
  return [
    z.strictObject({ ...common, kind: z.literal('nginx'), config: targetConfigs.nginx }),
    z.strictObject({ ...common, kind: z.literal('caddy'), config: targetConfigs.caddy }),
    z.strictObject({ ...common, kind: z.literal('apache'), config: targetConfigs.apache }),
    z.strictObject({ ...common, kind: z.literal('haproxy'), config: targetConfigs.haproxy }),
    z.strictObject({ ...common, kind: z.literal('postfix'), config: targetConfigs.postfix }),
    z.strictObject({ ...common, kind: z.literal('dovecot'), config: targetConfigs.dovecot }),
    z.strictObject({ ...common, kind: z.literal('traefik'), config: targetConfigs.traefik }),
    z.strictObject({ ...common, kind: z.literal('envoy'), config: targetConfigs.envoy }),
  ] as const;
}

/** The fields of a target of kind `files`, whose preset may know how TLS begins: {@link withKnownProtocol}. */
export const filesKind = { kind: z.literal('files'), config: targetConfigs.files };

/** Gives the verify policy of a `files` target the protocol that its preset knows. */
export function withKnownProtocol<
  Given extends { verify: z.infer<typeof OpenVerifyPolicy>; config: z.infer<typeof targetConfigs.files> },
>({ verify, ...target }: Given) {
  return { ...target, verify: withProtocol(verify, protocolOf(target.config)) };
}

/** One place on one host where a certificate is installed. Parsing a parsed target again changes nothing. */
export const Target = z.discriminatedUnion('kind', [
  ...plainKinds(common),
  z.pipe(
    z.strictObject({ ...common, verify: OpenVerifyPolicy, ...filesKind }),
    z.transform(withKnownProtocol),
  ),
]);
export type Target = z.infer<typeof Target>;
export type TargetOf<Kind extends TargetKind> = Extract<Target, { kind: Kind }>;
