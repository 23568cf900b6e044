import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/**
 * A certificate's name in haproxy's memory. One line of its Runtime API is words divided by spaces and commands divided
 * by `;`, and a leading `*` means what is not committed yet
 * (https://docs.haproxy.org/2.6/management.html#9.3-show%20ssl%20cert).
 */
const CrtName = z
  .string()
  .check(
    z.maxLength(1024),
    z.regex(
      /^[^\s;\\*<"'\p{Cc}][^\s;\\"'\p{Cc}]*$/u,
      "a certificate's name as haproxy's `show ssl cert` lists it, without white space, quotes, `;` or `\\`",
    ),
  );

interface Runtime {
  readonly mode?: unknown;
  readonly pemPath?: unknown;
  readonly statsSocket?: unknown;
  readonly crtName?: unknown;
  readonly reloadCommand?: unknown;
}

/**
 * haproxy. Without `keyPath` the file at `pemPath` holds leaf, intermediates and key; with it leaf and intermediates,
 * and the key has a file of its own, which haproxy finds as `<pemPath>.key` or through a `crt-store`
 * (https://docs.haproxy.org/2.6/configuration.html#5.1-crt). `mode: runtime` hands the certificate to the running
 * process over its stats socket besides, without a reload.
 */
export const HaproxyConfig = withArgv(
  z
    .strictObject({
      pemPath: AbsolutePath,
      keyPath: z.optional(AbsolutePath),
      /** What haproxy is started with (`-f`): files, or folders of them, for its own check. */
      configPath: z._default(
        z.union([AbsolutePath, z.array(AbsolutePath).check(z.minLength(1))]),
        '/etc/haproxy/haproxy.cfg',
      ),
      mode: z._default(z.enum(['reload', 'runtime']), 'reload'),
      statsSocket: z.optional(AbsolutePath),
      /** Default: `pemPath`. */
      crtName: z.optional(CrtName),
      ...fileFields,
    })
    .check(
      z.refine((config: { pemPath?: unknown; keyPath?: unknown }) => config.keyPath !== config.pemPath, {
        path: ['keyPath'],
        when: whenObject,
        error: 'another file than pemPath, or no keyPath at all when the key is to be in pemPath too',
      }),
      inRuntimeMode('statsSocket', ({ statsSocket }) =>
        statsSocket === undefined
          ? 'the path of a `stats socket` with `level admin`, such as /run/haproxy/admin.sock'
          : null,
      ),
      inRuntimeMode('reloadCommand', ({ reloadCommand }) =>
        reloadCommand === undefined ? null : 'no reloadCommand with mode: runtime, which does not reload',
      ),
      inRuntimeMode('crtName', ({ crtName, pemPath }) =>
        crtName !== undefined || CrtName.safeParse(pemPath).success
          ? null
          : "a crtName, because haproxy's Runtime API could not be told a pemPath like this one",
      ),
    ),
);
export type HaproxyConfig = z.infer<typeof HaproxyConfig>;

/** Holds a config of `mode: runtime` against what that mode needs: what is expected of the field, or null. */
function inRuntimeMode(field: keyof Runtime, expected: (config: Runtime) => string | null) {
  return z.check<Runtime>(({ value, issues }) => {
    if (value.mode !== 'runtime') return;
    const message = expected(value);
    if (message !== null) issues.push({ code: 'custom', path: [field], message, input: value[field] });
  });
}
