import type { CaddyConfig } from '../../core/targets/kinds/caddy.ts';
import { type Activation, commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { pemFiles, rootOwnedReadableBy } from './pem-files.ts';

/** Caddy reads its files as its own user, which is `caddy` in its packages. */
const caddyOwned = rootOwnedReadableBy('caddy', 'root');

/** The members that depend on the mode. */
interface Mode {
  validate(config: CaddyConfig): readonly string[] | null;
  activate(config: CaddyConfig, certificate: string): Activation | null;
  sandbox(config: CaddyConfig): readonly string[];
}

const modes: Readonly<Record<CaddyConfig['mode'], Mode>> = {
  /** Caddy does not watch certificate files, and loads an unchanged configuration only with `--force`. */
  file: {
    validate: (config) => ['caddy', 'validate', ...configArguments(config)],
    activate: (config) =>
      commandActivation(
        config.reloadCommand ?? [
          ...['caddy', 'reload', ...configArguments(config), '--force'],
          ...(config.adminAddress === undefined ? [] : ['--address', config.adminAddress]),
        ],
      ),
    sandbox: (config) => ['caddy', 'run', ...configArguments(config)],
  },
  /** The API accepts or refuses a change as a whole, so there is no separate check. The configuration is in no file. */
  api: {
    validate: () => null,
    activate: (config, certificate) => ({
      kind: 'caddyCertificates',
      address: config.adminAddress ?? 'localhost:2019',
      loader: config.loader ?? 'load_files',
      certPath: config.certPath,
      keyPath: config.keyPath,
      tag: config.tag ?? null,
      name: certificate,
    }),
    sandbox: () => [],
  },
};

/**
 * Caddy (https://caddyserver.com/docs/command-line, https://caddyserver.com/docs/api). `caddy validate` loads the
 * configuration and every file that it names, without starting a server.
 */
export const caddy: Connector<'caddy'> = {
  files: (bundle, config) => pemFiles(bundle, config, 'fullchain', caddyOwned),
  validate: (config) => config.validateCommand ?? modes[config.mode].validate(config),
  activate: (config, certificate) => modes[config.mode].activate(config, certificate),
  sandbox: (config) => modes[config.mode].sandbox(config),
};

function configArguments({ configPath = '/etc/caddy/Caddyfile', adapter }: CaddyConfig): string[] {
  return ['--config', configPath, ...(adapter === undefined ? [] : ['--adapter', adapter])];
}
