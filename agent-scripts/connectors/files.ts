import { commandActivation } from '../apply/activation.ts';
import { pemFiles, rootOwned } from '../apply/pem-files.ts';
import type { FileConnector } from './connector.ts';

/** Any daemon that reads PEM files: the config names paths and commands; the mechanism does the rest. */
export const files: FileConnector<'files'> = {
  kind: 'files',
  defaults: { debian: rootOwned, rhel: rootOwned, alpine: rootOwned, other: rootOwned },
  files: (bundle, config, distribution) =>
    pemFiles(bundle, config, config.certContents, files.defaults[distribution]),
  validate: (config) => config.validateCommand ?? null,
  activate: (config) => commandActivation(config.reloadCommand ?? null),
};
