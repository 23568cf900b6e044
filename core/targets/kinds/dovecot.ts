import * as z from 'zod/mini';
import { reloadField } from './container-reload.ts';
import { certPath, fileFields, keyPath, mainConfigPath, withArgv } from './fields.ts';

/**
 * Dovecot: `ssl_cert = <…` and `ssl_key = <…` of 2.3, `ssl_server_cert_file` and `ssl_server_key_file` of 2.4.
 * `certPath` holds leaf and intermediates
 * (https://doc.dovecot.org/2.3/configuration_manual/dovecot_ssl_configuration/); `ssl_ca` is for client certificates.
 */
export const DovecotConfig = withArgv(
  z.strictObject({
    certPath,
    keyPath,
    configPath: mainConfigPath,
    reload: reloadField('dovecot'),
    ...fileFields,
  }),
);
export type DovecotConfig = z.infer<typeof DovecotConfig>;
