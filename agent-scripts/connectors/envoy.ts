import type { EnvoyConfig } from '../../core/targets/kinds/envoy.ts';
import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import type { DesiredFile, RoleDefaults } from './desired-change.ts';
import { desiredFile, pemFiles } from './pem-files.ts';

/** Envoy reads the key as its own user: group `envoy` if it exists, else root. */
const serviceOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o640, owners: ['root'], groups: ['envoy', 'root'] },
  trigger: { mode: 0o644, owners: ['root'], groups: ['root'] },
};

/**
 * Envoy. It reads the files of an SDS secret again when a file is moved into a folder that it watches; writing to a file
 * has no effect. `--mode validate` checks the bootstrap and the files named there, but does not open those of SDS secrets.
 */
export const envoy: FileConnector<'envoy'> = {
  kind: 'envoy',
  defaults: { debian: serviceOwned, rhel: serviceOwned, alpine: serviceOwned, other: serviceOwned },
  files(bundle, config, distribution) {
    const defaults = envoy.defaults[distribution];
    const { sdsPath } = config;
    return [
      ...pemFiles(bundle, config, 'fullchain', defaults),
      ...(sdsPath === undefined
        ? []
        : [{ ...desiredFile('trigger', sdsPath, null, config, defaults), ...sdsResource(config, sdsPath) }]),
    ];
  },
  validate: ({ validateCommand, configPath }) =>
    validateCommand ?? (configPath === undefined ? null : ['envoy', '--mode', 'validate', '-c', configPath]),
  activate: ({ adminEndpoint, certPath, reloadCommand }) =>
    adminEndpoint === undefined
      ? commandActivation(reloadCommand ?? null)
      : { kind: 'envoySecrets', adminEndpoint, certPath },
  sandbox: ({ configPath }) =>
    configPath === undefined ? [] : ['envoy', '-c', configPath, '--disable-hot-restart'],
};

/**
 * An SDS resource with one secret, in JSON, which is also YAML. Envoy watches the folder of this file. The file is moved
 * last of the three, and the move makes Envoy read certificate and key.
 */
function sdsResource({ secretName, certPath, keyPath }: EnvoyConfig, sdsPath: string): Partial<DesiredFile> {
  if (secretName === undefined) return {};
  const secret = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    name: secretName,
    tls_certificate: {
      certificate_chain: { filename: certPath },
      private_key: { filename: keyPath },
      watched_directory: { path: sdsPath.slice(0, sdsPath.lastIndexOf('/')) || '/' },
    },
  };
  return { contentIfMissing: `${JSON.stringify({ resources: [secret] }, null, 2)}\n` };
}
