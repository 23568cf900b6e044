import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/** Envoy's admin interface: plain HTTP, and no more than the address. */
const AdminEndpoint = z
  .string()
  .check(
    z.regex(
      /^http:\/\/(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?):[1-9][0-9]{0,4}$/,
      "the address of Envoy's admin interface, such as http://127.0.0.1:9901",
    ),
  );

type Config = Readonly<Record<string, unknown>>;

/**
 * Envoy. `certPath` gets leaf + intermediates. Envoy reads files anew only for secrets of its secret discovery service
 * (SDS), and when something is moved in a folder that it watches: the folders of the files, or the secret's
 * `watched_directory`. `sdsPath` is the file with the SDS resource, moved into place again after certificate and key
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret#key-rotation). Where it does not exist and
 * `secretName` is given, it is written.
 */
export const EnvoyConfig = withArgv(
  z
    .strictObject({
      certPath: AbsolutePath,
      keyPath: AbsolutePath,
      sdsPath: z.optional(
        AbsolutePath.check(
          z.regex(/\.(ya?ml|json)$/, 'a file whose ending tells Envoy its form: .yaml, .yml or .json'),
        ),
      ),
      secretName: z.optional(z.string().check(z.regex(/^[^\p{Cc}]{1,200}$/u, 'the name of an SDS secret'))),
      /** Envoy's bootstrap, for `envoy --mode validate` and to start a shadow with. */
      configPath: z.optional(AbsolutePath),
      adminEndpoint: z.optional(AdminEndpoint),
      ...fileFields,
    })
    .check(
      rule('sdsPath', 'another file than certPath and keyPath', ({ sdsPath, certPath, keyPath }) =>
        [certPath, keyPath].every((path) => path !== sdsPath),
      ),
      rule('secretName', 'no secretName without an sdsPath, the file to write the secret to', (config) =>
        config.secretName === undefined ? true : config.sdsPath !== undefined,
      ),
      rule('adminEndpoint', 'either an adminEndpoint or a reloadCommand, not both', (config) =>
        config.adminEndpoint === undefined ? true : config.reloadCommand === undefined,
      ),
    ),
);
export type EnvoyConfig = z.infer<typeof EnvoyConfig>;

/** One rule about several fields, told at the one that has to give way; a field that is not there keeps every rule. */
function rule(field: string, error: string, isKept: (config: Config) => boolean) {
  return z.refine<Config>((config) => config[field] === undefined || isKept(config), {
    path: [field],
    when: whenObject,
    error,
  });
}
