import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { pemFiles, rootOwned } from './pem-files.ts';

/**
 * nginx. The master reads certificates and keys as root before its workers drop privileges, so root 0600 is enough.
 * `nginx -t` reads every file in the configuration and refuses a key that does not match. `nginx -s reload` only signals
 * the master and returns immediately (https://nginx.org/en/docs/control.html).
 */
export const nginx: Connector<'nginx'> = {
  files: (bundle, config) => pemFiles(bundle, config, 'fullchain', rootOwned),
  validate: (config) => config.validateCommand ?? nginxWith(config, '-t'),
  activate: (config) => commandActivation(config.reloadCommand ?? nginxWith(config, '-s', 'reload')),
  sandbox: (config) => nginxWith(config),
};

function nginxWith({ configPath }: { configPath?: string | undefined }, ...options: string[]): string[] {
  return ['nginx', ...(configPath === undefined ? [] : ['-c', configPath]), ...options];
}
