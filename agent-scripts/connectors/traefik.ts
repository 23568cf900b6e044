import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import type { RoleDefaults } from './desired-change.ts';
import { desiredFile, pemFiles } from './pem-files.ts';

/** Traefik reads the key as its own user: group `traefik` if it exists, else root. */
const serviceOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o640, owners: ['root'], groups: ['traefik', 'root'] },
};

/**
 * Traefik. It has no check and needs no reload: its file provider watches the dynamic configuration, and reads every
 * certificate named there when that file changes. The agent therefore replaces the dynamic configuration last, so that
 * Traefik reads certificate and key once, both new. There is no sandboxed instance: Traefik accepts connections before it
 * has read its certificates, so a first probe would prove nothing.
 */
export const traefik: FileConnector<'traefik'> = {
  kind: 'traefik',
  defaults: { debian: serviceOwned, rhel: serviceOwned, alpine: serviceOwned, other: serviceOwned },
  files(bundle, config, distribution) {
    const defaults = traefik.defaults[distribution];
    const { dynamicPath } = config;
    return [
      ...pemFiles(bundle, config, 'fullchain', defaults),
      ...(dynamicPath === undefined ? [] : [desiredFile('trigger', dynamicPath, null, config, defaults)]),
    ];
  },
  validate: (config) => config.validateCommand ?? null,
  activate: (config) => commandActivation(config.reloadCommand ?? null),
};
