import * as z from 'zod/mini';
import { AbsolutePath, fileFields, withArgv } from './fields.ts';

/**
 * nginx. `certPath` always gets leaf + intermediates: nginx has no directive for a separate chain
 * (https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate). `chainPath` feeds
 * `ssl_trusted_certificate`, which nginx uses for OCSP and never sends.
 */
export const NginxConfig = withArgv(
  z.strictObject({
    certPath: AbsolutePath,
    keyPath: AbsolutePath,
    chainPath: z.optional(AbsolutePath),
    /** nginx's main configuration, where it is not the one nginx was built with. */
    configPath: z.optional(AbsolutePath),
    ...fileFields,
  }),
);
export type NginxConfig = z.infer<typeof NginxConfig>;
