import type { NginxConfig } from '../../core/targets/kinds/nginx.ts';
import { nginxArgumentsOf } from '../../core/targets/kinds/nginx-arguments.ts';
import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { pemFiles, rootOwned } from './pem-files.ts';

/**
 * nginx. The master reads certificates and keys as root before its workers drop privileges, so root 0600 is enough, except
 * for keys that a variable names: the workers read those. `nginx -t` reads every file in the configuration and refuses a
 * key that does not match. `nginx -s reload` only signals the master and returns immediately
 * (https://nginx.org/en/docs/control.html).
 */
export const nginx: Connector<'nginx'> = {
  files: (bundle, config) => pemFiles(bundle, config, 'fullchain', rootOwned),
  validate: (config) => config.validateCommand ?? nginxWith(config, '-t'),
  activate: (config) => commandActivation(config.reloadCommand ?? nginxWith(config, '-s', 'reload')),
  sandbox: instanceOf,
  nginxInstance: instanceOf,
};

function nginxWith({ configPath }: Pick<NginxConfig, 'configPath'>, ...options: string[]): string[] {
  return ['nginx', ...(configPath === undefined ? [] : ['-c', configPath]), ...options];
}

/** The instance that the check addresses, else the one that the reload addresses, with `configPath` if that is set. */
function instanceOf(config: NginxConfig): string[] {
  const { validateCommand, reloadCommand, configPath } = config;
  const commands = [validateCommand, reloadCommand].filter((command) => command !== undefined);
  const found = commands.map(nginxArgumentsOf).find((one) => one !== null);
  if (found === undefined) return nginxWith(config);
  const options = new Map(found.options);
  if (configPath !== undefined) options.set('c', configPath);
  return [found.program, ...[...options].flatMap(([letter, value]) => [`-${letter}`, value])];
}
