import * as z from 'zod/mini';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';
import { Instance, type PresetName, presetNames, presets } from './file-presets.ts';
import type { ProbeProtocol } from './verify.ts';

/** What is looked at of a config that may be wrong elsewhere. */
interface Given {
  readonly preset?: unknown;
  readonly instance?: unknown;
  readonly certPath?: unknown;
  readonly keyPath?: unknown;
  readonly reload?: unknown;
  readonly reloadCommand?: unknown;
}

const object = z
  .strictObject({
    preset: z.optional(z.enum(presetNames)),
    instance: z.optional(Instance),
    certPath: z.optional(AbsolutePath),
    keyPath: z.optional(AbsolutePath),
    chainPath: z.optional(AbsolutePath),
    certContents: z._default(z.enum(['fullchain', 'leaf']), 'fullchain'),
    reload: z.optional(z.literal('none')),
    ...fileFields,
  })
  .check(
    neededWithoutPreset('certPath'),
    neededWithoutPreset('keyPath'),
    z.refine((config: Given) => config.reload === undefined || config.reloadCommand === undefined, {
      path: ['reload'],
      when: whenObject,
      error: 'either reload: none or a reloadCommand, not both',
    }),
    expecting('reloadCommand', missingReload),
    expecting('instance', strangeInstance),
    expecting('keyPath', samePath),
  );

/**
 * Any daemon that reads PEM files: the user names the paths and the commands, or a `preset` that knows them. What the
 * config says counts more than the preset. `certContents` says whether the certificate file holds leaf and
 * intermediates or the leaf alone. A daemon that watches its files says `reload: none` out loud; otherwise a
 * `reloadCommand`, the preset's or one's own, is required.
 */
export const FilesConfig = z.pipe(withArgv(object), z.transform(withPreset));
export type FilesConfig = z.infer<typeof FilesConfig>;

type Parsed = z.infer<ReturnType<typeof withArgv<(typeof object)['shape']>>>;

/** The checks above have left no config without both paths. */
type Complete = Parsed & { certPath: string; keyPath: string };

function withPreset(config: Parsed): Complete {
  if (config.preset === undefined) return config as Complete;
  const { certPath, keyPath, reload } = presets[config.preset];
  const complete = { ...config, certPath: config.certPath ?? certPath, keyPath: config.keyPath ?? keyPath };
  if (config.reload === 'none' || config.reloadCommand !== undefined) return complete;
  const reloadCommand = reload(config.instance ?? {}, complete);
  return reloadCommand === null ? complete : { ...complete, reloadCommand };
}

/** How TLS begins there, as far as the config knows. */
export function protocolOf({ preset }: Pick<FilesConfig, 'preset'>): ProbeProtocol {
  return preset === undefined ? 'tls' : presets[preset].protocol;
}

function neededWithoutPreset(field: 'certPath' | 'keyPath') {
  return z.refine<object>((config) => 'preset' in config || field in config, {
    path: [field],
    when: whenObject,
    error: 'an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
  });
}

/** Holds a field against the rest of the config: what is expected of it, or null. */
function expecting(field: keyof Given, expected: (config: Given) => string | null) {
  return z.refine<Given>((config) => expected(config) === null, {
    path: [field],
    when: whenObject,
    error: ({ input }) => expected(input as Given) ?? '',
  });
}

function missingReload({ preset, reload, reloadCommand }: Given): string | null {
  if (reload !== undefined || reloadCommand !== undefined) return null;
  if (preset === 'tomcat') {
    return 'a command such as systemctl restart tomcat10, since Tomcat reads its files when it starts (or reload: none, if somebody else restarts it)';
  }
  // an unknown preset is told of where it stands
  if (preset !== undefined) return null;
  return 'the command that makes the daemon read its files again (or reload: none, if it watches them)';
}

function strangeInstance({ preset, instance }: Given): string | null {
  if (!whenObject({ value: instance })) return null;
  if (preset === undefined) return 'no instance without a preset, which would know what to do with it';
  if (!isPreset(preset)) return null;
  const known: readonly string[] = presets[preset].instance;
  if (Object.keys(instance as object).every((field) => known.includes(field))) return null;
  return known.length === 0 ? `no instance with ${preset}` : `${known.join(' or ')} only, with ${preset}`;
}

/** One path that is said and one of the preset's; two that are said are compared where every kind's are. */
function samePath({ preset, certPath, keyPath }: Given): string | null {
  if (!isPreset(preset)) return null;
  const known = presets[preset];
  const isSame = (certPath ?? known.certPath) === (keyPath ?? known.keyPath);
  return isSame ? 'another file than certPath' : null;
}

function isPreset(preset: unknown): preset is PresetName {
  return presetNames.some((name) => name === preset);
}
