import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { pemFiles, rootOwned } from './pem-files.ts';

/**
 * Dovecot. Its master reads the files as root and passes them to the login processes, so root 0600 is enough.
 * `doveconf -n` parses the configuration without opening these files; `doveadm reload` signals the master and returns
 * immediately (https://doc.dovecot.org/2.3/man/doveadm.1/). With a key that does not match, new login processes offer no
 * TLS: only a rehearsal or the verification detects that. `-F` keeps the sandboxed instance in the foreground.
 */
export const dovecot: Connector<'dovecot'> = {
  files: (bundle, config) => pemFiles(bundle, config, 'fullchain', rootOwned),
  validate: (config) => config.validateCommand ?? ['doveconf', ...configuration(config), '-n'],
  activate: (config) =>
    commandActivation(config.reloadCommand ?? ['doveadm', ...configuration(config), 'reload']),
  sandbox: (config) => ['dovecot', ...configuration(config), '-F'],
};

function configuration({ configPath }: { configPath?: string | undefined }): string[] {
  return configPath === undefined ? [] : ['-c', configPath];
}
