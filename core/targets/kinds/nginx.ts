import * as z from 'zod/mini';
import { reloadField } from './container-reload.ts';
import { described } from './described.ts';
import { certPath, chainPath, fileFields, keyPath, mainConfigPath, withArgv } from './fields.ts';

/**
 * nginx. `certPath` always holds leaf and intermediates: nginx has no directive for a separate chain
 * (https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate). `chainPath` is for
 * `ssl_trusted_certificate`, which nginx uses for OCSP and never sends.
 */
export const NginxConfig = withArgv(
  z.strictObject({
    certPath,
    keyPath,
    chainPath: described(chainPath, 'The file for the intermediates alone, for ssl_trusted_certificate.'),
    configPath: mainConfigPath,
    reload: reloadField('nginx'),
    ...fileFields,
  }),
);
export type NginxConfig = z.infer<typeof NginxConfig>;
