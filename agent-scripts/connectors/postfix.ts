import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import { desiredFile, pemFiles, rootOwned } from './pem-files.ts';

/**
 * Postfix. Each smtpd opens the files as root before it becomes `postfix` and enters its jail, so root 0600 is enough.
 * `postfix check` looks at folders, owners and parameters and opens none of these files; `postfix reload` makes idle
 * server processes end, and their successors read the files anew (https://www.postfix.org/postfix.1.html). With a pair
 * that does not match an smtpd goes on without TLS, so only a rehearsal or the verification tells.
 */
export const postfix: FileConnector<'postfix'> = {
  kind: 'postfix',
  defaults: { debian: rootOwned, rhel: rootOwned, alpine: rootOwned, other: rootOwned },
  files(bundle, config, distribution) {
    const defaults = postfix.defaults[distribution];
    if (config.chainFilesPath === undefined) {
      return pemFiles(bundle, config, config.chainPath === undefined ? 'fullchain' : 'leaf', defaults);
    }
    const everything = [bundle.key, bundle.leaf, ...bundle.chain].join('');
    return [desiredFile('combined', config.chainFilesPath, everything, config, defaults)];
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
