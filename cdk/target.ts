import type * as z from 'zod/mini';
import type { RegisteredTarget } from '../core/targets/registered.ts';
import type { TargetKind, targetConfigs } from '../core/targets/target.ts';

/** A target as it is written: defaults may be left out. */
export type TargetInput = z.input<typeof RegisteredTarget>;

/** What every target has, whatever its kind. */
type Common = Pick<TargetInput, 'certificate' | 'host' | 'verify' | 'autoHeal' | 'window'>;

/** What a kind's targets say, config fields beside the common ones. */
export type TargetOf<Kind extends TargetKind> = Common & z.input<(typeof targetConfigs)[Kind]>;

const commonFields = ['certificate', 'host', 'verify', 'autoHeal', 'window'];

function builder<Kind extends TargetKind>(kind: Kind) {
  return (id: string, said: TargetOf<Kind>): TargetInput => {
    const fields = Object.entries(said);
    const common = fields.filter(([name]) => commonFields.includes(name));
    const config = fields.filter(([name]) => !commonFields.includes(name));
    // the schema judges it: `Certferry.addTarget`
    return { id, kind, ...Object.fromEntries(common), config: Object.fromEntries(config) } as TargetInput;
  };
}

/** Targets in code, one function a kind: `Target.nginx('web-1', { certificate, host, certPath, keyPath, verify })`. */
export const Target = {
  nginx: builder('nginx'),
  files: builder('files'),
  caddy: builder('caddy'),
  apache: builder('apache'),
  haproxy: builder('haproxy'),
  postfix: builder('postfix'),
  dovecot: builder('dovecot'),
  traefik: builder('traefik'),
  envoy: builder('envoy'),
} as const satisfies { [Kind in TargetKind]: (id: string, said: TargetOf<Kind>) => TargetInput };
