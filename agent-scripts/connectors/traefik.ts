import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import type { RoleDefaults } from './desired-change.ts';
import { desiredFile, pemFiles } from './pem-files.ts';

/** Traefik runs as a user of its own, which has to read the key; where there is none by that name, as root. */
const serviceOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o640, owners: ['root'], groups: ['traefik', 'root'] },
};

/**
 * Traefik. It has no check of its own and is not told: its file provider watches the dynamic configuration and reads
 * every certificate that this names when it changes. So that it reads them once, and both new, the dynamic
 * configuration is moved into place again after them. It has no sandbox: Traefik accepts connections before it has read
 * its certificates, so the first answer of one would prove nothing.
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
