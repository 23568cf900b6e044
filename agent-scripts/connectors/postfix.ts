import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { desiredFile, pemFiles, rootOwned } from './pem-files.ts';

/**
 * Postfix. Each smtpd opens the files as root before it drops privileges, so root 0600 is enough. `postfix check` checks
 * folders, owners and parameters, but does not open these files. `postfix reload` ends idle server processes; their
 * successors read the new files (https://www.postfix.org/postfix.1.html). With a key that does not match, smtpd runs
 * without TLS: only a rehearsal or the verification detects that.
 */
export const postfix: Connector<'postfix'> = {
  files(bundle, config) {
    if (config.chainFilesPath === undefined) {
      return pemFiles(bundle, config, config.chainPath === undefined ? 'fullchain' : 'leaf', rootOwned);
    }
    const combined = [bundle.key, bundle.leaf, ...bundle.chain].join('');
    return [desiredFile('combined', config.chainFilesPath, combined, config, rootOwned)];
  },
  validate: (config) => config.validateCommand ?? postfixWith(config, 'check'),
  activate: (config) => commandActivation(config.reloadCommand ?? postfixWith(config, 'reload')),
  sandbox: (config) => postfixWith(config, 'start-fg'),
};

function postfixWith(
  { configDirectory }: { configDirectory?: string | undefined },
  command: string,
): string[] {
  return ['postfix', ...(configDirectory === undefined ? [] : ['-c', configDirectory]), command];
}
