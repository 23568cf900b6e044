import * as z from 'zod/mini';
import { containerReloadOf } from './container-reload.ts';
import { described } from './described.ts';
import { certPath, chainPath, fileFields, keyPath, whenObject, withArgv } from './fields.ts';
import { Instance, type PresetName, presetNames, presets } from './file-presets.ts';
import type { ProbeProtocol } from './probe-protocol.ts';

/** The fields that the rules below read; each may be invalid. */
interface RuleInput {
  readonly preset?: unknown;
  readonly instance?: unknown;
  readonly certPath?: unknown;
  readonly keyPath?: unknown;
  readonly reload?: unknown;
  readonly reloadCommand?: unknown;
}

const fields = {
  preset: described(
    z.optional(z.enum(presetNames)),
    'A daemon whose paths, group, reload and STARTTLS protocol are known. The other fields override the preset.',
  ),
  instance: described(
    z.optional(Instance),
    'The instance of the daemon that is reloaded, if it is not the default one.',
  ),
  certPath: z.optional(certPath),
  keyPath: z.optional(keyPath),
  chainPath,
  certContents: described(
    z._default(z.enum(['fullchain', 'leaf']), 'fullchain'),
    'fullchain: certPath holds leaf and intermediates. leaf: certPath holds the leaf alone.',
  ),
  reload: described(
    z.optional(z.union([z.literal('none'), containerReloadOf('files')])),
    'none: the daemon watches its files, so no command is needed. { container: db } reloads a daemon in a container.',
  ),
  ...fileFields,
};

const object = z
  .strictObject(fields)
  .check(
    neededWithoutPreset('certPath'),
    neededWithoutPreset('keyPath'),
    requires('reloadCommand', missingReload),
    requires('reload', unsupportedContainer),
    requires('instance', unsupportedInstance),
    requires('keyPath', samePath),
  );

/**
 * Any daemon that reads PEM files. The config sets paths and commands, or a `preset` that knows them; fields of the config
 * override the preset. For a daemon that watches its files, `reload: none` must be explicit. Otherwise a `reloadCommand`
 * is required: from the preset or from the config.
 */
export const FilesConfig = z.pipe(withArgv(object), z.transform(withPreset));
export type FilesConfig = z.infer<typeof FilesConfig>;

type ParsedConfig = z.infer<ReturnType<typeof withArgv<(typeof object)['shape']>>>;

/** After the checks above, both paths are set. */
type CompleteConfig = ParsedConfig & { certPath: string; keyPath: string };

function withPreset(config: ParsedConfig): CompleteConfig {
  if (config.preset === undefined) return config as CompleteConfig;
  const { certPath, keyPath, reload } = presets[config.preset];
  const complete = { ...config, certPath: config.certPath ?? certPath, keyPath: config.keyPath ?? keyPath };
  if (config.reload !== undefined || config.reloadCommand !== undefined) return complete;
  const reloadCommand = reload(config.instance ?? {}, complete);
  return reloadCommand === null ? complete : { ...complete, reloadCommand };
}

/** How TLS begins on the endpoint of the preset's daemon; `tls` without a preset. */
export function protocolOfPreset({ preset }: Pick<FilesConfig, 'preset'>): ProbeProtocol {
  return preset === undefined ? 'tls' : presets[preset].protocol;
}

function neededWithoutPreset(field: 'certPath' | 'keyPath') {
  return z.refine<object>((config) => 'preset' in config || field in config, {
    path: [field],
    when: whenObject,
    error: 'an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
  });
}

/** A rule about one field; `expected` returns the expected value as text, or null if the rule is met. */
function requires(field: keyof RuleInput, expected: (config: RuleInput) => string | null) {
  return z.refine<RuleInput>((config) => expected(config) === null, {
    path: [field],
    when: whenObject,
    error: ({ input }) => expected(input as RuleInput) ?? '',
  });
}

function missingReload({ preset, reload, reloadCommand }: RuleInput): string | null {
  if (reload !== undefined || reloadCommand !== undefined) return null;
  if (preset === 'tomcat') {
    return 'a command such as systemctl restart tomcat10, because Tomcat reads its files only when it starts (or reload: none, if something else restarts it)';
  }
  // an unknown preset is reported at its own field
  if (preset !== undefined) return null;
  return 'the command that makes the daemon read its files again (or reload: none, if it watches them)';
}

/** A signal makes only some daemons of the presets read their files again. */
function unsupportedContainer({ preset, reload }: RuleInput): string | null {
  if (!isPreset(preset) || typeof reload !== 'object') return null;
  if (presets[preset].reloadsOnSignal) return null;
  return `no container with ${preset}, which a signal does not reload: set a reloadCommand that runs in the container, such as docker exec`;
}

function unsupportedInstance({ preset, instance }: RuleInput): string | null {
  if (!whenObject({ value: instance })) return null;
  if (preset === undefined) return 'no instance without a preset: only a preset uses it';
  if (!isPreset(preset)) return null;
  const known: readonly string[] = presets[preset].instance;
  if (Object.keys(instance as object).every((field) => known.includes(field))) return null;
  return known.length === 0 ? `no instance with ${preset}` : `${known.join(' or ')} only, with ${preset}`;
}

/** Compares a path of the config with a path of the preset. `withArgv` compares two paths of the config. */
function samePath({ preset, certPath, keyPath }: RuleInput): string | null {
  if (!isPreset(preset)) return null;
  const known = presets[preset];
  const isSame = (certPath ?? known.certPath) === (keyPath ?? known.keyPath);
  return isSame ? 'another file than certPath' : null;
}

function isPreset(preset: unknown): preset is PresetName {
  return presetNames.some((name) => name === preset);
}
