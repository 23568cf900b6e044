import * as z from 'zod/mini';
import { AbsolutePath, fileFields, withArgv } from './fields.ts';

/**
 * Dovecot: `ssl_cert = <…` and `ssl_key = <…` of 2.3, `ssl_server_cert_file` and `ssl_server_key_file` of 2.4. The
 * certificate's file holds leaf and intermediates
 * (https://doc.dovecot.org/2.3/configuration_manual/dovecot_ssl_configuration/); `ssl_ca` is for clients' certificates.
 */
export const DovecotConfig = withArgv(
  z.strictObject({
    certPath: AbsolutePath,
    keyPath: AbsolutePath,
    /** Dovecot's main configuration, where it is not the one it was built with. */
    configPath: z.optional(AbsolutePath),
    ...fileFields,
  }),
);
export type DovecotConfig = z.infer<typeof DovecotConfig>;
