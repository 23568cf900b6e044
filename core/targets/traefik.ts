import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/**
 * Traefik. `certPath` gets leaf + intermediates, which Traefik sends as they are. Its file provider watches the dynamic
 * configuration, not the certificates it names, and reads them anew when that changes: `dynamicPath` is the file of it that
 * names them, moved into place again after them. Without it the certificates have to lie in the watched folder
 * (https://doc.traefik.io/traefik/providers/file/#limitations).
 */
export const TraefikConfig = withArgv(
  z
    .strictObject({
      certPath: AbsolutePath,
      keyPath: AbsolutePath,
      dynamicPath: z.optional(
        AbsolutePath.check(
          z.regex(/\.(ya?ml|toml)$/i, 'a dynamic configuration of Traefik: .yml, .yaml or .toml'),
        ),
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
