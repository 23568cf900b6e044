import { type ReadBundle, readBundle } from '../../core/certificate/read-bundle.ts';
import { CertferryError, type ErrorName, isCertferryError } from '../../core/errors.ts';
import { UsageError } from '../terminal/errors.ts';
import { readBytes, readText } from './read-files.ts';

/** The files of a bundle, from the options. */
export interface BundleFiles {
  readonly cert: string;
  readonly key?: string | undefined;
  readonly chain?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

/**
 * Reads and checks a bundle from files; a PKCS#12 file is recognised by its content. Throws UsageError if a file cannot be
 * read, and the errors of `readBundle` if the bundle cannot be deployed.
 */
export function readBundleFiles(files: BundleFiles, now: Date): ReadBundle {
  try {
    return readParts(files, now);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const option = missingOption[error.name];
    if (option === undefined) throw error;
    throw new CertferryError(error.name, `${error.message} (${option})`, { details: error.details });
  }
}

/** The option that supplies the missing part: the error itself names fields. */
const missingOption: Partial<Record<ErrorName, string>> = {
  NoPrivateKey: '--key FILE',
  WrongPassphrase: '--passphrase-file FILE',
};

function readParts(files: BundleFiles, now: Date): ReadBundle {
  const certificate = readBytes(files.cert, 'the certificate');
  const key = files.key === undefined ? {} : { key: readText(files.key, 'the private key') };
  const chain = files.chain === undefined ? {} : { chain: readText(files.chain, 'the chain') };
  const secret =
    files.passphraseFile === undefined ? {} : { passphrase: readPassphrase(files.passphraseFile) };
  if (isPkcs12(certificate)) {
    refuseOtherFiles(files);
    return readBundle({ certificate: '', pkcs12: certificate, ...secret }, now);
  }
  return readBundle({ certificate, ...chain, ...key, ...secret }, now);
}

/** An option that has no effect is an error. */
function refuseOtherFiles({ cert, key, chain }: BundleFiles): void {
  if (key === undefined && chain === undefined) return;
  const option = key === undefined ? '--chain' : '--key';
  throw new UsageError(`${cert} is a PKCS#12 file, which contains key and chain. Omit ${option}.`);
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
  return (readText(path, 'the passphrase') as string).replace(/\r?\n[\s\S]*$/, '');
}

/** RFC 7292: a PFX is a DER (or BER) SEQUENCE that begins with INTEGER 3; a certificate begins with a SEQUENCE. */
function isPkcs12(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30 || bytes[1] === undefined) return false;
  const lengthBytes = bytes[1] > 0x80 ? bytes[1] - 0x80 : 0;
  return bytes.subarray(2 + lengthBytes, 5 + lengthBytes).equals(Buffer.from([0x02, 0x01, 0x03]));
}
