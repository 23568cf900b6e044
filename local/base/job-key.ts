import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { JobKey, jobKeysText, jobKeyThumbprint } from '../../core/seal/job-keys.ts';
import { JobKeyFile } from '../../services/signing/key-file-signer.ts';
import { createOnce } from './create-once.ts';

/** The key of a state folder that signs jobs. */
export interface LocalJobKey {
  /** The file with the key pair, mode 0600. */
  readonly path: string;
  /** The public half for the document of local mode. */
  readonly publicKeys: string;
}

/** Opens the key in the file, and creates it if it does not exist. Several processes at once agree on one key. */
export function openJobKey(path: string): LocalJobKey {
  if (readKey(path) === null) createOnce(path, JSON.stringify(makeKeyPair()));
  const key = readKey(path);
  return { path, publicKeys: jobKeysText([JobKey.parse(key)]) };
}

function readKey(path: string): JobKeyFile | null {
  try {
    return JobKeyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A new key pair. Its id is its thumbprint. */
export function makeKeyPair(): JobKeyFile {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const { x = '', y = '' } = jwk;
  return JobKeyFile.parse({ ...jwk, kid: jobKeyThumbprint({ x, y }) });
}
