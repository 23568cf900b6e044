import type { HaproxyConfig } from '../../core/targets/kinds/haproxy.ts';
import { type Activation, commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import { desiredFile, pemFiles, rootOwned } from './pem-files.ts';

/** How a running haproxy gets what is in its files, by mode. */
const activations: Readonly<Record<HaproxyConfig['mode'], (config: HaproxyConfig) => Activation | null>> = {
  /** Debian's and Red Hat's unit checks the configuration, then sends the master USR2. */
  reload: (config) => commandActivation(config.reloadCommand ?? ['systemctl', 'reload', 'haproxy']),
  runtime: ({ statsSocket = '', crtName, pemPath, keyPath = null }) => ({
    kind: 'haproxyRuntime',
    socket: statsSocket,
    name: crtName ?? pemPath,
    pemPath,
    keyPath,
  }),
};

/**
 * haproxy. It reads certificates and keys as root before it enters its chroot and becomes its user, so root 0600 is
 * enough. `haproxy -c` reads every file the configuration names, refuses a pair that does not match, and opens no port
 * (https://docs.haproxy.org/2.6/management.html#3). In the foreground, without a master (`-db`), it is its own sandbox.
 */
export const haproxy: FileConnector<'haproxy'> = {
  kind: 'haproxy',
  defaults: { debian: rootOwned, rhel: rootOwned, alpine: rootOwned, other: rootOwned },
  files(bundle, config, distribution) {
    const { pemPath, keyPath } = config;
    const defaults = haproxy.defaults[distribution];
    const everything = [bundle.leaf, ...bundle.chain, bundle.key].join('');
    return keyPath === undefined
      ? [desiredFile('combined', pemPath, everything, config, defaults)]
      : pemFiles(bundle, { ...config, certPath: pemPath, keyPath }, 'fullchain', defaults);
  },
  validate: (config) => config.validateCommand ?? haproxyWith(config, '-c'),
  activate: (config) => activations[config.mode](config),
  sandbox: (config) => haproxyWith(config, '-db'),
};

function haproxyWith({ configPath }: Pick<HaproxyConfig, 'configPath'>, option: string): string[] {
  return ['haproxy', option, ...[configPath].flat().flatMap((path) => ['-f', path])];
}
