import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import { pemFiles, rootOwned } from './pem-files.ts';

/**
 * Dovecot. Its master reads the files as root and hands them to the login processes, so root 0600 is enough.
 * `doveconf -n` reads the configuration and opens none of these files; `doveadm reload` signals the master and returns
 * at once (https://doc.dovecot.org/2.3/man/doveadm.1/). With a pair that does not match, new login processes begin no
 * TLS, so only a rehearsal or the verification tells. In the foreground (`-F`) it is its own sandbox.
 */
export const dovecot: FileConnector<'dovecot'> = {
  kind: 'dovecot',
  defaults: { debian: rootOwned, rhel: rootOwned, alpine: rootOwned, other: rootOwned },
  files: (bundle, config, distribution) =>
    pemFiles(bundle, config, 'fullchain', dovecot.defaults[distribution]),
  validate: (config) => config.validateCommand ?? ['doveconf', ...configuration(config), '-n'],
  activate: (config) =>
    commandActivation(config.reloadCommand ?? ['doveadm', ...configuration(config), 'reload']),
  sandbox: (config) => ['dovecot', ...configuration(config), '-F'],
};

function configuration({ configPath }: { configPath?: string | undefined }): string[] {
  return configPath === undefined ? [] : ['-c', configPath];
}
