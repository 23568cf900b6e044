import * as z from 'zod/mini';
import { reloadField } from './container-reload.ts';
import { described } from './described.ts';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/**
 * The name of a certificate in haproxy's memory. In the Runtime API, spaces separate words and `;` separates commands; a
 * leading `*` marks an uncommitted change
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

/** The fields that the rules of `mode: runtime` read; each may be invalid. */
interface RuntimeFields {
  readonly mode?: unknown;
  readonly pemPath?: unknown;
  readonly statsSocket?: unknown;
  readonly crtName?: unknown;
  readonly reloadCommand?: unknown;
  readonly reload?: unknown;
}

const fields = {
  pemPath: described(
    AbsolutePath,
    'The file for leaf and intermediates, and for the key unless keyPath is set.',
  ),
  keyPath: described(
    z.optional(AbsolutePath),
    'A separate file for the private key. Default: the key is in pemPath too.',
  ),
  configPath: described(
    z._default(
      z.union([AbsolutePath, z.array(AbsolutePath).check(z.minLength(1))]),
      '/etc/haproxy/haproxy.cfg',
    ),
    'The files or folders that haproxy is started with (-f), for its own check.',
  ),
  mode: described(
    z._default(z.enum(['reload', 'runtime']), 'reload'),
    'reload: haproxy reads its files again. runtime: the agent also updates the running process over statsSocket.',
  ),
  statsSocket: described(
    z.optional(AbsolutePath),
    'The stats socket of haproxy, with level admin. Required with mode: runtime.',
  ),
  crtName: described(
    z.optional(CrtName),
    'The name of the certificate in the running haproxy. Default: pemPath.',
  ),
  reload: reloadField('haproxy'),
  ...fileFields,
};

/**
 * haproxy. Without `keyPath`, the file at `pemPath` holds leaf, intermediates and key. With it, `pemPath` holds leaf and
 * intermediates, and haproxy finds the key as `<pemPath>.key` or through a `crt-store`
 * (https://docs.haproxy.org/2.6/configuration.html#5.1-crt). With `mode: runtime` the agent also sends the certificate to
 * the running process over its stats socket, without a reload.
 */
export const HaproxyConfig = withArgv(
  z.strictObject(fields).check(
    z.refine((config: { pemPath?: unknown; keyPath?: unknown }) => config.keyPath !== config.pemPath, {
      path: ['keyPath'],
      when: whenObject,
      error: 'another file than pemPath, or no keyPath if pemPath holds the key too',
    }),
    inRuntimeMode('statsSocket', ({ statsSocket }) =>
      statsSocket === undefined
        ? 'the path of a `stats socket` with `level admin`, such as /run/haproxy/admin.sock'
        : null,
    ),
    inRuntimeMode('reloadCommand', ({ reloadCommand }) =>
      reloadCommand === undefined ? null : 'no reloadCommand with mode: runtime, which does not reload',
    ),
    inRuntimeMode('reload', ({ reload }) =>
      reload === undefined ? null : 'no reload with mode: runtime, which does not reload',
    ),
    inRuntimeMode('crtName', ({ crtName, pemPath }) =>
      crtName !== undefined || CrtName.safeParse(pemPath).success
        ? null
        : "a crtName, because haproxy's Runtime API does not accept the characters of this pemPath",
    ),
  ),
);
export type HaproxyConfig = z.infer<typeof HaproxyConfig>;

/** A rule of `mode: runtime` about one field; `expected` returns the expected value as text, or null if the rule is met. */
function inRuntimeMode(field: keyof RuntimeFields, expected: (config: RuntimeFields) => string | null) {
  return z.check<RuntimeFields>(({ value, issues }) => {
    if (value.mode !== 'runtime') return;
    const message = expected(value);
    if (message !== null) issues.push({ code: 'custom', path: [field], message, input: value[field] });
  });
}
