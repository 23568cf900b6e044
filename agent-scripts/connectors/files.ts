import { presets } from '../../core/targets/kinds/file-presets.ts';
import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import { pemFiles, rootOwned, rootOwnedReadableBy } from './pem-files.ts';

/**
 * Any daemon that reads PEM files. The configuration and its preset, if any, set paths and commands. Daemons with a preset
 * read their key after they drop privileges.
 */
export const files: FileConnector<'files'> = {
  kind: 'files',
  defaults: { debian: rootOwned, rhel: rootOwned, alpine: rootOwned, other: rootOwned },
  files(bundle, config, distribution) {
    const { preset } = config;
    const defaults =
      preset === undefined ? files.defaults[distribution] : rootOwnedReadableBy(presets[preset].group);
    return pemFiles(bundle, config, config.certContents, defaults);
  },
  validate: (config) => config.validateCommand ?? null,
  activate: (config) => commandActivation(config.reloadCommand ?? null),
};
