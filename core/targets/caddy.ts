import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/**
 * Where the admin API listens, as Caddy spells it (https://caddyserver.com/docs/conventions#network-addresses). This
 * machine only: the API is plain HTTP, and keys may go through it.
 */
const AdminAddress = z
  .string()
  .check(
    z.regex(
      /^((localhost|127(\.[0-9]{1,3}){3}|\[::1\]):[0-9]{1,5}|unix\/\/[^\s?#%\p{Cc}]{1,107})$/u,
      'an admin address on this machine: localhost:2019, or unix//run/caddy/admin.sock',
    ),
  );

/** Fields that mean something in one mode alone. */
const modeOf = {
  configPath: 'file',
  adapter: 'file',
  reloadCommand: 'file',
  loader: 'api',
  tag: 'api',
} as const;

type Field = keyof typeof modeOf;
type Config = Readonly<Partial<Record<Field | 'mode', unknown>>>;

/** The rule of one such field. */
function onlyInItsMode(field: Field) {
  return z.refine<Config>((config) => config[field] === undefined || config.mode === modeOf[field], {
    path: [field],
    when: whenObject,
    error: `no ${field} but with mode: ${modeOf[field]}`,
  });
}

/**
 * Caddy. `mode: file`: certificate and key are files that a configuration file names, and the whole configuration is
 * loaded again from there. `mode: api`: the running configuration is kept as it is, and through the admin API one entry of
 * its `apps.tls.certificates` is read again (`loader: load_files`, the entry that names `certPath`) or gets the new PEM
 * text (`loader: load_pem`, the entry with `tag`, or the one whose leaf covers the target's certificate)
 * (https://caddyserver.com/docs/json/apps/tls/certificates/).
 */
export const CaddyConfig = withArgv(
  z
    .strictObject({
      mode: z._default(z.enum(['file', 'api']), 'file'),
      certPath: AbsolutePath,
      keyPath: AbsolutePath,
      /** Default: /etc/caddy/Caddyfile. */
      configPath: z.optional(AbsolutePath),
      /** Turns the configuration file into JSON; Caddy knows a file named Caddyfile itself. */
      adapter: z.optional(z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'the name of an adapter'))),
      /** Default: `mode: file` what the configuration file says, `mode: api` localhost:2019. */
      adminAddress: z.optional(AdminAddress),
      /** Default: load_files. */
      loader: z.optional(z.enum(['load_files', 'load_pem'])),
      tag: z.optional(z.string().check(z.regex(/^[^\p{Cc}]{1,128}$/u, 'a tag of the entry'))),
      ...fileFields,
    })
    .check(
      ...(Object.keys(modeOf) as Field[]).map(onlyInItsMode),
      z.refine<Config>((config) => config.tag === undefined || config.loader === 'load_pem', {
        path: ['tag'],
        when: whenObject,
        error: 'no tag but with loader: load_pem; an entry of load_files is known by its certPath',
      }),
    ),
);
export type CaddyConfig = z.infer<typeof CaddyConfig>;
