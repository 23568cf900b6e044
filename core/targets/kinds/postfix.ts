import * as z from 'zod/mini';
import { reloadField } from './container-reload.ts';
import { described } from './described.ts';
import { AbsolutePath, certPath, chainPath, fileFields, keyPath, whenObject, withArgv } from './fields.ts';

/** The paths of a config that may be invalid elsewhere. */
interface Paths {
  readonly certPath?: unknown;
  readonly keyPath?: unknown;
  readonly chainPath?: unknown;
  readonly chainFilesPath?: unknown;
}

const object = z
  .strictObject({
    certPath: z.optional(certPath),
    keyPath: z.optional(keyPath),
    chainPath: described(chainPath, 'The file for the intermediates alone, for smtpd_tls_CAfile.'),
    chainFilesPath: described(
      z.optional(AbsolutePath),
      'One file with key, leaf and intermediates, for smtpd_tls_chain_files. Replaces certPath and keyPath.',
    ),
    configDirectory: described(
      z.optional(AbsolutePath),
      'The folder with main.cf and master.cf (postfix -c). Default: the one that Postfix was built with.',
    ),
    reload: reloadField('postfix'),
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
          'either chainFilesPath or certPath and keyPath: Postfix ignores smtpd_tls_cert_file if smtpd_tls_chain_files is set',
      },
    ),
  );

function neededWithoutChainFiles(field: 'certPath' | 'keyPath') {
  return z.refine<Paths>((config) => config.chainFilesPath !== undefined || config[field] !== undefined, {
    path: [field],
    when: whenObject,
    error: 'an absolute path to a file; or chainFilesPath, for one file with key, leaf and intermediates',
  });
}

/** `smtpd_tls_chain_files`: one file, replaced by one rename. */
export interface OneFile {
  readonly chainFilesPath: string;
}

/** `smtpd_tls_cert_file` and `smtpd_tls_key_file`. The checks above exclude every other form. */
export interface TwoFiles {
  readonly chainFilesPath?: undefined;
  readonly certPath: string;
  readonly keyPath: string;
}

/**
 * The SMTP server of Postfix. Either `chainFilesPath` for `smtpd_tls_chain_files` (3.4 and later,
 * https://www.postfix.org/postconf.5.html#smtpd_tls_chain_files), which cannot be half replaced; or `certPath` and
 * `keyPath` for `smtpd_tls_cert_file` and `smtpd_tls_key_file`. `certPath` holds leaf and intermediates, unless
 * `chainPath` names a file for the intermediates, which Postfix sends as `smtpd_tls_CAfile`.
 */
export const PostfixConfig = z.pipe(
  withArgv(object),
  z.transform((config) => config as typeof config & (OneFile | TwoFiles)),
);
export type PostfixConfig = z.infer<typeof PostfixConfig>;
