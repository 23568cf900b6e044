import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath, certPath, fileFields, keyPath, whenObject, withArgv } from './fields.ts';

/**
 * The address of the admin API, in Caddy's notation (https://caddyserver.com/docs/conventions#network-addresses). Only
 * addresses of this machine: the API is plain HTTP, and private keys may be sent to it.
 */
const AdminAddress = z
  .string()
  .check(
    z.regex(
      /^((localhost|127(\.[0-9]{1,3}){3}|\[::1\]):[0-9]{1,5}|unix\/\/[^\s?#%\p{Cc}]{1,107})$/u,
      'an admin address on this machine: localhost:2019, or unix//run/caddy/admin.sock',
    ),
  );

/** Fields that are valid in one mode only. */
const modeOf = {
  configPath: 'file',
  adapter: 'file',
  reloadCommand: 'file',
  loader: 'api',
  tag: 'api',
} as const;

type Field = keyof typeof modeOf;
type Config = Readonly<Partial<Record<Field | 'mode', unknown>>>;

function onlyInItsMode(field: Field) {
  return z.refine<Config>((config) => config[field] === undefined || config.mode === modeOf[field], {
    path: [field],
    when: whenObject,
    error: `no ${field} without mode: ${modeOf[field]}`,
  });
}

const fields = {
  mode: described(
    z._default(z.enum(['file', 'api']), 'file'),
    'file: Caddy loads its configuration file again. api: the agent changes one entry through the admin API.',
  ),
  certPath,
  keyPath,
  configPath: described(
    z.optional(AbsolutePath),
    'The configuration file, with mode: file. Default: /etc/caddy/Caddyfile.',
  ),
  adapter: described(
    z.optional(z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'the name of an adapter'))),
    'The adapter that converts the configuration file to JSON. Not needed for a file named Caddyfile.',
  ),
  adminAddress: described(
    z.optional(AdminAddress),
    'The admin API on this machine: localhost:2019, or unix//run/caddy/admin.sock. Default with mode: file: as in the configuration file; with mode: api: localhost:2019.',
  ),
  loader: described(
    z.optional(z.enum(['load_files', 'load_pem'])),
    'load_files (default): Caddy reads certPath and keyPath itself. load_pem: the agent sends their text.',
  ),
  tag: described(
    z.optional(z.string().check(z.regex(/^[^\p{Cc}]{1,128}$/u, 'a tag of the entry'))),
    'The tag of the entry, with loader: load_pem. Default: the entry whose leaf covers the certificate.',
  ),
  ...fileFields,
};

/**
 * Caddy. `mode: file`: a configuration file names certificate and key, and Caddy loads the whole configuration from it
 * again. `mode: api`: the running configuration stays as it is, and the agent changes one entry of
 * `apps.tls.certificates` through the admin API. With `loader: load_files` Caddy reads the entry that names `certPath`
 * again. With `loader: load_pem` the entry gets the new PEM text: the entry with `tag`, or the one whose leaf covers the
 * certificate of the target (https://caddyserver.com/docs/json/apps/tls/certificates/).
 */
export const CaddyConfig = withArgv(
  z.strictObject(fields).check(
    ...(Object.keys(modeOf) as Field[]).map(onlyInItsMode),
    z.refine<Config>((config) => config.tag === undefined || config.loader === 'load_pem', {
      path: ['tag'],
      when: whenObject,
      error: 'no tag without loader: load_pem; an entry of load_files is identified by its certPath',
    }),
  ),
);
export type CaddyConfig = z.infer<typeof CaddyConfig>;
