import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { desiredFile, pemFiles, rootOwnedReadableBy } from './pem-files.ts';

/** Traefik reads the key as its own user: group `traefik` if it exists, else root. */
const traefikOwned = rootOwnedReadableBy('traefik', 'root');

/**
 * Traefik. It has no check and needs no reload: its file provider watches the dynamic configuration, and reads every
 * certificate named there when that file changes. The agent therefore replaces the dynamic configuration last, so that
 * Traefik reads certificate and key once, both new. There is no sandboxed instance: Traefik accepts connections before it
 * has read its certificates, so a first probe would prove nothing.
 */
export const traefik: Connector<'traefik'> = {
  files(bundle, config) {
    const { dynamicPath } = config;
    return [
      ...pemFiles(bundle, config, 'fullchain', traefikOwned),
      ...(dynamicPath === undefined ? [] : [desiredFile('trigger', dynamicPath, null, config, traefikOwned)]),
    ];
  },
  validate: (config) => config.validateCommand ?? null,
  activate: (config) => commandActivation(config.reloadCommand ?? null),
};
