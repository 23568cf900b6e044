import { type BundleInput, type ReadBundle, readBundle } from '../../core/certificate/read-bundle.ts';
import { textOf } from '../../core/certificate/text-of.ts';
import { CertferryError, type ErrorName, isCertferryError } from '../../core/errors.ts';
import { findLivePair, isFolder } from './live-folder.ts';
import { readBytes } from './read-files.ts';

/** The files of a bundle, from the options. `cert` may be a folder with certificate and key. */
export interface BundleFiles {
  readonly cert: string;
  readonly key?: string | undefined;
  readonly chain?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

/** A renewal tool replaces the files of a folder one after the other, within milliseconds. */
const folderReads = 10;
const folderPauseMilliseconds = 200;

/**
 * Reads and checks a bundle from files. The content of each file shows its form, not its name. `cert` may be a folder of a renewal
 * tool, such as `/etc/letsencrypt/live/example.com`. If its files do not belong together because the tool is replacing them, they are
 * read again. Throws UsageError if a file cannot be read, and the errors of `readBundle` if the bundle cannot be deployed.
 */
export function readBundleFiles(files: BundleFiles, now: Date): ReadBundle {
  if (!isFolder(files.cert)) return readFiles(files, now);
  for (let left = folderReads; ; left -= 1) {
    try {
      return readFiles({ ...files, ...findLivePair(files.cert) }, now);
    } catch (error) {
      if (!(isCertferryError(error) && error.name === 'KeyMismatch' && left > 1)) throw error;
      pause(folderPauseMilliseconds);
    }
  }
}

/** Blocks this process: nothing else runs before the bundle is read. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function readFiles(files: BundleFiles, now: Date): ReadBundle {
  try {
    return readBundle(inputOf(files), now);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const advice = missingOption[error.name]?.(files);
    if (advice === undefined) throw error;
    throw new CertferryError(error.name, `${error.message} ${advice}`, { details: error.details });
  }
}

/** The option that supplies a missing part, if it is not set. */
const missingOption: Partial<Record<ErrorName, (files: BundleFiles) => string | undefined>> = {
  NoPrivateKey: ({ key }) =>
    key === undefined ? 'If the key is in another file, name that file with --key FILE.' : undefined,
  WrongPassphrase: ({ passphraseFile }) =>
    passphraseFile === undefined
      ? 'Name the file with the passphrase with --passphrase-file FILE.'
      : undefined,
};

/** Messages name the option and the file. `check` takes the certificate without an option. */
function inputOf({ cert, chain, key, passphraseFile }: BundleFiles): BundleInput {
  return {
    certificate: readBytes(cert, 'the certificate'),
    ...(chain !== undefined && { chain: readBytes(chain, 'the chain') }),
    ...(key !== undefined && { key: readBytes(key, 'the private key') }),
    ...(passphraseFile !== undefined && { passphrase: readPassphrase(passphraseFile) }),
    names: { certificate: `file ${cert}`, chain: `--chain ${chain}`, key: `--key ${key}` },
  };
}

/** Returns the error instead of throwing it, so that the command can report what was not started. */
export function readUsableBundle(files: BundleFiles): ReadBundle | CertferryError {
  try {
    return readBundleFiles(files, new Date());
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}

/** The parts of a bundle in the form of a secret. */
export function secretOf({ bundle: { leaf, chain, key } }: ReadBundle) {
  return { certificate: leaf, chain: chain.join(''), privateKey: key };
}

/** The first line, because editors and `echo` append a line end that is not part of the passphrase. */
function readPassphrase(path: string): string {
  return textOf(readBytes(path, 'the passphrase')).replace(/\r?\n[\s\S]*$/, '');
}
