import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath, certPath, fileFields, keyPath, whenObject, withArgv } from './fields.ts';

/**
 * Traefik. `certPath` holds leaf and intermediates, which Traefik sends as they are. Its file provider watches the dynamic
 * configuration, not the certificates, and reads the certificates again when the configuration changes. `dynamicPath` is
 * the dynamic configuration that names them; the agent moves it into place again after the certificates. Without it, the
 * certificates must be in the watched folder (https://doc.traefik.io/traefik/providers/file/#limitations).
 */
export const TraefikConfig = withArgv(
  z
    .strictObject({
      certPath,
      keyPath,
      dynamicPath: described(
        z.optional(
          AbsolutePath.check(
            z.regex(/\.(ya?ml|toml)$/i, 'a dynamic configuration of Traefik: .yml, .yaml or .toml'),
          ),
        ),
        'The dynamic configuration that names the certificate. Moved into place last, so that Traefik reads both again.',
      ),
      ...fileFields,
    })
    .check(
      z.refine(
        ({ certPath, keyPath, dynamicPath }: Readonly<Record<string, unknown>>) =>
          dynamicPath === undefined || (dynamicPath !== certPath && dynamicPath !== keyPath),
        { path: ['dynamicPath'], when: whenObject, error: 'another file than certPath and keyPath' },
      ),
    ),
);
export type TraefikConfig = z.infer<typeof TraefikConfig>;
