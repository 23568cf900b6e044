import * as z from 'zod/mini';
import { AbsolutePath, fileFields, withArgv } from './fields.ts';

/**
 * Apache httpd with mod_ssl. Without `chainPath`, `certPath` gets leaf and intermediates, as SSLCertificateFile wants
 * them since 2.4.8 (https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile). With it, `certPath` gets the
 * leaf alone and `chainPath` the rest, for configurations that still use SSLCertificateChainFile.
 */
export const ApacheConfig = withArgv(
  z.strictObject({
    certPath: AbsolutePath,
    keyPath: AbsolutePath,
    chainPath: z.optional(AbsolutePath),
    /** httpd's main configuration, where it is not the one httpd was built with. */
    configPath: z.optional(AbsolutePath),
    /** Where the main process writes its id (PidFile), so that it is seen whether it survived the reload. */
    pidFile: z.optional(AbsolutePath),
    ...fileFields,
  }),
);
export type ApacheConfig = z.infer<typeof ApacheConfig>;
