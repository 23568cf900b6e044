import type { HaproxyConfig } from '../../core/targets/kinds/haproxy.ts';
import { type Activation, commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { desiredFile, pemFiles, rootOwned } from './pem-files.ts';

/** How a running haproxy loads the installed files, by mode. */
const activations: Readonly<Record<HaproxyConfig['mode'], (config: HaproxyConfig) => Activation | null>> = {
  /** The systemd unit of Debian and Red Hat checks the configuration, then sends SIGUSR2 to the master. */
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
 * haproxy. It reads certificates and keys as root before it drops privileges, so root 0600 is enough. `haproxy -c` reads
 * every file in the configuration, refuses a key that does not match, and opens no port
 * (https://docs.haproxy.org/2.6/management.html#3). `-db` runs the sandboxed instance in the foreground without a master.
 */
export const haproxy: Connector<'haproxy'> = {
  files(bundle, config) {
    const { pemPath, keyPath } = config;
    const combined = [bundle.leaf, ...bundle.chain, bundle.key].join('');
    return keyPath === undefined
      ? [desiredFile('combined', pemPath, combined, config, rootOwned)]
      : pemFiles(bundle, { ...config, certPath: pemPath, keyPath }, 'fullchain', rootOwned);
  },
  validate: (config) => config.validateCommand ?? haproxyWith(config, '-c'),
  activate: (config) => activations[config.mode](config),
  sandbox: (config) => haproxyWith(config, '-db'),
};

function haproxyWith({ configPath }: Pick<HaproxyConfig, 'configPath'>, option: string): string[] {
  return ['haproxy', option, ...[configPath].flat().flatMap((path) => ['-f', path])];
}
