import type { EnvoyConfig } from '../../core/targets/kinds/envoy.ts';
import { commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import type { DesiredFile } from './desired-change.ts';
import { desiredFile, pemFiles, rootOwnedReadableBy } from './pem-files.ts';

/** Envoy reads the key as its own user: group `envoy` if it exists, else root. */
const envoyOwned = rootOwnedReadableBy('envoy', 'root');

/**
 * Envoy. It reads the files of an SDS secret again when a file is moved into a folder that it watches; writing to a file
 * has no effect. `--mode validate` checks the bootstrap and the files named there, but does not open those of SDS secrets.
 */
export const envoy: Connector<'envoy'> = {
  files(bundle, config) {
    const { sdsPath } = config;
    return [
      ...pemFiles(bundle, config, 'fullchain', envoyOwned),
      ...(sdsPath === undefined
        ? []
        : [
            { ...desiredFile('trigger', sdsPath, null, config, envoyOwned), ...sdsResource(config, sdsPath) },
          ]),
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
