import { presets } from '../../core/targets/kinds/file-presets.ts';
import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { pemFiles, rootOwned, rootOwnedReadableBy } from './pem-files.ts';

/**
 * Any daemon that reads PEM files. The configuration and its preset, if any, set paths and commands. Daemons with a preset
 * read their key after they drop privileges.
 */
export const files: Connector<'files'> = {
  files(bundle, config) {
    const { preset } = config;
    const ownership = preset === undefined ? rootOwned : rootOwnedReadableBy(presets[preset].group);
    return pemFiles(bundle, config, config.certContents, ownership);
  },
  validate: (config) => config.validateCommand ?? null,
  activate: (config) => commandActivation(config.reloadCommand ?? null),
};
