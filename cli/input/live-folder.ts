import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../terminal/errors.ts';
import { systemReason } from './read-files.ts';

/** The certificate with its chain, and the key, in the folder of a renewal tool. */
export interface LivePair {
  readonly cert: string;
  readonly key: string;
}

/** The names that renewal tools use: certbot and dehydrated, acme.sh, Kubernetes and others. */
const certificateNames = ['fullchain.pem', 'fullchain.cer', 'tls.crt'];
const keyNames = ['privkey.pem', 'tls.key'];

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Finds the certificate and the key in a folder such as `/etc/letsencrypt/live/example.com`. Besides the usual names, it accepts one
 * `NAME.crt` with its `NAME.key` (lego, Caddy), and any single `.key` file (acme.sh). A `namedKey` has precedence over the key of the
 * folder. Throws UsageError that lists what is there.
 */
export function findLivePair(folder: string, namedKey?: string): LivePair {
  const names = namesIn(folder);
  const certs = names.filter((name) => name.endsWith('.crt') && !name.endsWith('.issuer.crt'));
  const keys = names.filter((name) => name.endsWith('.key'));
  const cert = certificateNames.find((name) => names.includes(name)) ?? only(certs);
  const key = keyNames.find((name) => names.includes(name)) ?? keyBeside(cert, names) ?? only(keys);
  const keyPath = namedKey ?? (key === undefined ? undefined : join(folder, key));
  if (cert !== undefined && keyPath !== undefined) return { cert: join(folder, cert), key: keyPath };
  const files = names.length === 0 ? 'the folder is empty' : `it contains ${names.slice(0, 10).join(', ')}`;
  throw new UsageError(
    `the folder ${folder} has no certificate with its key (fullchain.pem and privkey.pem, or one .crt and .key): ${files}. Name the files with --cert FILE --key FILE.`,
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    throw new UsageError(`cannot read the folder ${folder}: ${systemReason(error)}`);
  }
}

const only = (names: readonly string[]): string | undefined => (names.length === 1 ? names[0] : undefined);

function keyBeside(cert: string | undefined, names: readonly string[]): string | undefined {
  const key = cert?.replace(/\.crt$/, '.key');
  return key !== undefined && key !== cert && names.includes(key) ? key : undefined;
}
