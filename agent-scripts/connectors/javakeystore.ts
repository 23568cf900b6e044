import { createPrivateKey, X509Certificate } from 'node:crypto';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { type KeystoreOptions, openKeystore, withEntry } from '../../core/keystore/keystore.ts';
import type { KeystoreEntry } from '../../core/keystore/opened-keystore.ts';
import { type JavakeystoreConfig, keystoreGroups } from '../../core/targets/kinds/javakeystore.ts';
import { type Activation, commandActivation } from '../activations/activation.ts';
import type { Connector } from './connector.ts';
import { desiredFile, rootOwned } from './pem-files.ts';

/**
 * A keystore of Java. The agent writes it itself: keytool has no option to replace the file atomically. `keytool -list`
 * checks the staged store where a JDK is installed. It gets the password on its standard input, so neither the list of
 * processes nor an environment contains it.
 */
export const javakeystore: Connector<'javakeystore'> = {
  files(bundle, config, _distribution, credentials) {
    const file = desiredFile('combined', config.keystorePath, null, config, ownership(config));
    return [
      {
        ...file,
        merge: (existing) => withEntry(existing, entryOf(bundle), optionsOf(config, credentials)),
      },
    ];
  },
  certificateIn: (config, credentials) => (bytes) => {
    const { entry } = openKeystore(bytes, { ...optionsOf(config, credentials), storeType: null });
    if (entry === null) return { version: null, pem: null, keys: [] };
    const pem = entry.chain.map((certificate) => new X509Certificate(certificate).toString()).join('');
    return {
      version: factsOfPem(pem),
      pem,
      keys: [entry.key.export({ format: 'pem', type: 'pkcs8' }).toString()],
    };
  },
  validate: ({ validateCommand, keystorePath, alias }) =>
    validateCommand ?? ['keytool', '-list', '-keystore', keystorePath, '-alias', alias],
  validateInput: ({ validateCommand }, { storePassword }) =>
    validateCommand === undefined && storePassword !== undefined ? `${storePassword}\n` : undefined,
  activate: ({ tomcat, reloadCommand }): Activation | null =>
    tomcat === undefined ? commandActivation(reloadCommand ?? null) : { kind: 'tomcatManager', ...tomcat },
};

/** The application reads the store as its own user: its group can read a new one. */
function ownership({ preset }: JavakeystoreConfig) {
  if (preset === undefined) return rootOwned;
  return { combined: { mode: 0o640, owners: ['root'], groups: [keystoreGroups[preset], 'root'] } };
}

function optionsOf(config: JavakeystoreConfig, credentials: CredentialValues): KeystoreOptions {
  const { keystorePath: path, alias, storeType = null, encryption } = config;
  const { storePassword, keyPassword = null } = credentials;
  if (storePassword === undefined) {
    const message = `the job has no storePassword for the keystore ${path}; update the program that sends it`;
    throw new CertferryError('CredentialUnavailable', message, { details: { path } });
  }
  return { path, alias, storeType, encryption, storePassword, keyPassword, now: Date.now() };
}

function entryOf({ leaf, chain, key }: Bundle): KeystoreEntry {
  return {
    chain: [leaf, ...chain].map((pem) => new X509Certificate(pem).raw),
    key: createPrivateKey(key),
  };
}
