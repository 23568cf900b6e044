import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

interface Activation {
  readonly reload?: unknown;
  readonly reloadCommand?: unknown;
}

/**
 * Any daemon that reads PEM files: the user names the paths and the commands. `certContents` says whether the
 * certificate file holds leaf and intermediates or the leaf alone. A daemon that watches its files says
 * `reload: none` out loud; otherwise `reloadCommand` is required.
 */
export const FilesConfig = withArgv(
  z
    .strictObject({
      certPath: AbsolutePath,
      keyPath: AbsolutePath,
      chainPath: z.optional(AbsolutePath),
      certContents: z._default(z.enum(['fullchain', 'leaf']), 'fullchain'),
      reload: z.optional(z.literal('none')),
      ...fileFields,
    })
    .check(
      z.refine((config: Activation) => config.reload !== undefined || config.reloadCommand !== undefined, {
        path: ['reloadCommand'],
        when: whenObject,
        error: 'the command that makes the daemon read its files again (or reload: none, if it watches them)',
      }),
      z.refine((config: Activation) => config.reload === undefined || config.reloadCommand === undefined, {
        path: ['reload'],
        when: whenObject,
        error: 'either reload: none or a reloadCommand, not both',
      }),
    ),
);
export type FilesConfig = z.infer<typeof FilesConfig>;
