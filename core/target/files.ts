import { z } from 'zod/mini';
import { AbsolutePath, fileFields, withArgv } from './fields.ts';

/**
 * Any daemon that reads PEM files: the user names the paths and the commands. `certContents` says whether the
 * certificate file holds leaf and intermediates or the leaf alone. A daemon that watches its files says
 * `reload: none` out loud; otherwise `reloadCommand` is required.
 */
export const FilesConfig = z.pipe(
  withArgv(
    z.strictObject({
      certPath: AbsolutePath,
      keyPath: AbsolutePath,
      chainPath: z.optional(AbsolutePath),
      certContents: z._default(z.enum(['fullchain', 'leaf']), 'fullchain'),
      reload: z.optional(z.literal('none')),
      ...fileFields,
    }),
  ),
  z.transform((config, context) => {
    if (config.reload === undefined && config.reloadCommand === undefined) {
      context.issues.push({
        code: 'custom',
        path: ['reloadCommand'],
        input: undefined,
        message:
          'required: the command that makes the daemon read its files again (or reload: none if it watches them)',
      });
    }
    return config;
  }),
);
export type FilesConfig = z.infer<typeof FilesConfig>;
