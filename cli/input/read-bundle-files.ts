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

/** Milliseconds before each further read. A renewal tool replaces its files one after the other, within milliseconds. */
const pauses = [50, 100, 200, 400, 800];

/**
 * Reads and checks a bundle from files. The content of each file shows its form, not its name. `cert` may be a folder of a renewal
 * tool, such as `/etc/letsencrypt/live/example.com`. If the files do not belong together because a tool is replacing them, they are
 * read again, for at most two seconds. Throws UsageError if a file cannot be read, and the errors of `readBundle` if the bundle
 * cannot be deployed.
 */
export function readBundleFiles(files: BundleFiles, now: Date): ReadBundle {
  for (const milliseconds of pauses) {
    try {
      return readOnce(files, now);
    } catch (error) {
      if (!mayBeReplaced(files, error)) throw error;
      pause(milliseconds);
    }
  }
  return readOnce(files, now);
}

/** The files belong to two versions. */
const unmatched = ['KeyMismatch', 'ChainBroken'];

/** A link is missing, or a file is half written. Only a folder is known to belong to a renewal tool. */
const unfinished = ['UsageError', 'BundleUnreadable', 'NoLeaf', 'NoPrivateKey'];

function mayBeReplaced(files: BundleFiles, error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isFolder(files.cert)) return [...unmatched, ...unfinished].includes(error.name);
  const isSplit = files.key !== undefined || files.chain !== undefined;
  return isSplit && unmatched.includes(error.name);
}

/** Blocks this process: nothing else runs before the bundle is read. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function readOnce(files: BundleFiles, now: Date): ReadBundle {
  try {
    const pair = isFolder(files.cert) ? findLivePair(files.cert, files.key) : {};
    return readBundle(inputOf({ ...files, ...pair }), now);
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
