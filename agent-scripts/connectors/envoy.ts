import type { EnvoyConfig } from '../../core/targets/kinds/envoy.ts';
import { commandActivation } from '../activations/activation.ts';
import type { FileConnector } from './connector.ts';
import type { DesiredFile, RoleDefaults } from './desired-change.ts';
import { desiredFile, pemFiles } from './pem-files.ts';

/** Envoy runs as a user of its own, which has to read the key; where there is none by that name, as root. */
const serviceOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o640, owners: ['root'], groups: ['envoy', 'root'] },
  trigger: { mode: 0o644, owners: ['root'], groups: ['root'] },
};

/**
 * Envoy. It reads the files of an SDS secret again when something is moved in a folder it watches; writing does
 * nothing. `--mode validate` checks the bootstrap and files that it names itself; those of an SDS secret it does not open.
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
        : [{ ...desiredFile('trigger', sdsPath, null, config, defaults), ...generated(config, sdsPath) }]),
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
 * An SDS resource with one secret. Envoy watches the folder of this very file, so that its move, the last of three, is
 * what makes Envoy read the pair. JSON is YAML too.
 */
function generated({ secretName, certPath, keyPath }: EnvoyConfig, sdsPath: string): Partial<DesiredFile> {
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
  return { whenMissing: `${JSON.stringify({ resources: [secret] }, null, 2)}\n` };
}
