import * as z from 'zod/mini';
import { reloadField } from './container-reload.ts';
import { described } from './described.ts';
import {
  AbsolutePath,
  certPath,
  chainPath,
  fileFields,
  keyPath,
  mainConfigPath,
  withArgv,
} from './fields.ts';

/**
 * Apache httpd with mod_ssl. Without `chainPath`, `certPath` holds leaf and intermediates, as SSLCertificateFile reads
 * them since 2.4.8 (https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatefile). With it, `certPath` holds
 * the leaf alone and `chainPath` the rest, for configurations that still use SSLCertificateChainFile.
 */
export const ApacheConfig = withArgv(
  z.strictObject({
    certPath,
    keyPath,
    chainPath: described(
      chainPath,
      'The file for the intermediates, for SSLCertificateChainFile. certPath then holds the leaf alone.',
    ),
    configPath: mainConfigPath,
    pidFile: described(
      z.optional(AbsolutePath),
      'The PidFile of httpd. The agent checks with it that the main process survives the reload.',
    ),
    reload: reloadField('apache'),
    ...fileFields,
  }),
);
export type ApacheConfig = z.infer<typeof ApacheConfig>;
