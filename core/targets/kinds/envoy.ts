import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath, certPath, fileFields, keyPath, whenObject, withArgv } from './fields.ts';

/** The URL of Envoy's admin interface: plain HTTP, without path, query or user. */
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
 * Envoy. `certPath` holds leaf and intermediates. Envoy reads files again only for secrets of its secret discovery
 * service (SDS), and only when a file is moved in a folder that it watches. It watches the folders of the files, or the
 * `watched_directory` of the secret. `sdsPath` is the file with the SDS resource; the agent moves it into place after
 * certificate and key (https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret#key-rotation). If the
 * file does not exist and `secretName` is set, the agent writes it.
 */
export const EnvoyConfig = withArgv(
  z
    .strictObject({
      certPath,
      keyPath,
      sdsPath: described(
        z.optional(
          AbsolutePath.check(
            z.regex(
              /\.(ya?ml|json)$/,
              'a file name that ends in .yaml, .yml or .json, which tells Envoy its format',
            ),
          ),
        ),
        'The file with the SDS resource, moved into place last. If it does not exist, it is written with secretName.',
      ),
      secretName: described(
        z.optional(z.string().check(z.regex(/^[^\p{Cc}]{1,200}$/u, 'the name of an SDS secret'))),
        'The name of the SDS secret, for an sdsPath that does not exist yet.',
      ),
      configPath: described(
        z.optional(AbsolutePath),
        'The bootstrap file of Envoy, for envoy --mode validate and for rehearsals.',
      ),
      adminEndpoint: described(
        z.optional(AdminEndpoint),
        'The admin interface of Envoy, such as http://127.0.0.1:9901. The agent waits until it lists the leaf.',
      ),
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

/** A rule between several fields, reported at the field that has to change. A config without that field passes. */
function rule(field: string, error: string, isMet: (config: Config) => boolean) {
  return z.refine<Config>((config) => config[field] === undefined || isMet(config), {
    path: [field],
    when: whenObject,
    error,
  });
}
