import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

interface Paths {
  readonly certPath?: unknown;
  readonly keyPath?: unknown;
  readonly chainPath?: unknown;
  readonly chainFilesPath?: unknown;
}

const object = z
  .strictObject({
    certPath: z.optional(AbsolutePath),
    keyPath: z.optional(AbsolutePath),
    chainPath: z.optional(AbsolutePath),
    /** Key, leaf and intermediates in one file, in this order. */
    chainFilesPath: z.optional(AbsolutePath),
    /** The folder with main.cf and master.cf, where it is not the one Postfix was built with. */
    configDirectory: z.optional(AbsolutePath),
    ...fileFields,
  })
  .check(
    neededWithoutChainFiles('certPath'),
    neededWithoutChainFiles('keyPath'),
    z.refine(
      ({ chainFilesPath, certPath, keyPath, chainPath }: Paths) =>
        chainFilesPath === undefined || [certPath, keyPath, chainPath].every((path) => path === undefined),
      {
        path: ['chainFilesPath'],
        when: whenObject,
        error:
          'either chainFilesPath or certPath and keyPath: Postfix passes over smtpd_tls_cert_file where smtpd_tls_chain_files is set',
      },
    ),
  );

function neededWithoutChainFiles(field: 'certPath' | 'keyPath') {
  return z.refine<Paths>((config) => config.chainFilesPath !== undefined || config[field] !== undefined, {
    path: [field],
    when: whenObject,
    error: 'an absolute path to a file, or chainFilesPath instead, for one file with everything in it',
  });
}

/** `smtpd_tls_chain_files`: one file, which is replaced by one rename. */
export interface OneFile {
  readonly chainFilesPath: string;
}

/** `smtpd_tls_cert_file` and `smtpd_tls_key_file`; the checks above leave nothing else. */
export interface TwoFiles {
  readonly chainFilesPath?: undefined;
  readonly certPath: string;
  readonly keyPath: string;
}

/**
 * Postfix's SMTP server: `chainFilesPath` for `smtpd_tls_chain_files` (3.4 and later,
 * https://www.postfix.org/postconf.5.html#smtpd_tls_chain_files), which cannot be half replaced; or `certPath` and
 * `keyPath` for `smtpd_tls_cert_file` and `smtpd_tls_key_file`. The intermediates are in `certPath` after the leaf,
 * unless `chainPath` gives them a file of their own, which Postfix sends as `smtpd_tls_CAfile`.
 */
export const PostfixConfig = z.pipe(
  withArgv(object),
  z.transform((config) => config as typeof config & (OneFile | TwoFiles)),
);
export type PostfixConfig = z.infer<typeof PostfixConfig>;
