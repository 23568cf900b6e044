// Opens one block with a private key. Messages and details never contain key bytes or a passphrase, and errors of OpenSSL
// are never a cause.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CertferryError, type ErrorName } from '../errors.ts';
import { bufferOf, childrenOf, octetsOf, oidOf, parseDer } from './asn1.ts';
import { conversions } from './conversions.ts';
import { isUnsupported, readEncryption, unsupported as unsupportedAlgorithm } from './encryption.ts';
import { asSubject } from './origin.ts';
import { wrongPassphrase } from './passphrase.ts';
import { type Block, toPem } from './pem.ts';
import { tryOr } from './try-or.ts';

/** A key before it is opened. `iterations`: what its derivation costs. */
export interface SealedKey {
  readonly iterations: number;
  /** @throws CertferryError WrongPassphrase, KeyTypeUnsupported, BundleUnreadable */
  open(): KeyObject;
}

/** Key types that have a JWK form, beside ML-DSA. */
const jwkTypes: readonly string[] = ['rsa', 'ec', 'ed25519'];

/** ML-DSA-44, ML-DSA-65 and ML-DSA-87 (RFC 9881 section 2). */
const mlDsaAlgorithms: readonly string[] = [
  '2.16.840.1.101.3.4.3.17',
  '2.16.840.1.101.3.4.3.18',
  '2.16.840.1.101.3.4.3.19',
];

/**
 * The algorithms of PKCS#8 whose keys OpenSSL reads at once. For DSA and Diffie-Hellman, it computes the public key from
 * numbers of any size: minutes for a key of 40 KB.
 */
const quickAlgorithms: readonly string[] = [
  '1.2.840.113549.1.1.1', // RSA
  '1.2.840.113549.1.1.10', // RSASSA-PSS
  '1.2.840.10045.2.1', // EC
  '1.3.101.110', // X25519
  '1.3.101.111', // X448
  '1.3.101.112', // Ed25519
  '1.3.101.113', // Ed448
  ...mlDsaAlgorithms,
];

/** Names of refused algorithms, for messages. */
const refusedAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.113549.1.3.1': 'DH',
  '1.2.840.10046.2.1': 'DH',
};

/**
 * Reads the format and the encryption of a key, without deriving anything.
 * @throws CertferryError WrongPassphrase, KeyTypeUnsupported, BundleUnreadable
 */
export function readSealedKey(block: Block, passphrase: string | undefined): SealedKey {
  const read = Object.hasOwn(formats, block.label) ? formats[block.label] : undefined;
  if (read === undefined) throw unsupported(block, `a block ${block.label}`);
  return read(block, passphrase);
}

type Format = (block: Block, passphrase: string | undefined) => SealedKey;

const formats: Readonly<Record<string, Format>> = {
  'PRIVATE KEY': (block) => ({
    iterations: 0,
    open: () => openPkcs8(block, block.der) ?? refuse(unreadable(block)),
  }),
  'ENCRYPTED PRIVATE KEY': readEncrypted,
  'RSA PRIVATE KEY': readTraditional,
  'EC PRIVATE KEY': readTraditional,
  'OPENSSH PRIVATE KEY': (block) => refuse(openssh(block)),
};

/** The ciphers of RFC 1421 headers that Node supports; its OpenSSL has no DES, RC2, IDEA and SEED. */
const headerCiphers = /^(?:DES-EDE3|(?:AES|CAMELLIA|ARIA)-(?:128|192|256))-CBC$/;

/** PKCS#1 or SEC1. If it is encrypted, its key is derived in one iteration (RFC 1421 headers). */
function readTraditional(block: Block, passphrase: string | undefined): SealedKey {
  const key = toPem(block);
  if (!block.headers.includes('ENCRYPTED')) {
    return { iterations: 0, open: () => parsed({ key }) ?? refuse(unreadable(block)) };
  }
  const cipher = /^DEK-Info: *([A-Z0-9-]{1,40}),/m.exec(block.headers)?.[1] ?? 'without a name';
  if (!headerCiphers.test(cipher)) throw undecryptable(block, unsupportedAlgorithm('encryption', cipher));
  const failure = wrongPassphrase(block.origin, 'private key', passphrase);
  if (passphrase === undefined) throw failure;
  return { iterations: 1, open: () => parsed({ key, passphrase }) ?? refuse(failure) };
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3): the algorithm, and the encrypted PrivateKeyInfo. */
function readEncrypted(block: Block, passphrase: string | undefined): SealedKey {
  const { origin, der, openedWith = passphrase } = block;
  const [algorithm, content] = tryOr(() => childrenOf(parseDer(der)), []);
  const cipherText = tryOr(() => bufferOf(octetsOf(content)), null);
  if (algorithm === undefined || cipherText === null) throw unreadable(block);
  const { iterations, decrypt } = orUnsupported(block, () => readEncryption(algorithm));
  const failure = wrongPassphrase(origin, 'private key', passphrase);
  if (openedWith === undefined) throw failure;
  return {
    iterations,
    open() {
      const clear = orUnsupported(block, () => decrypt(cipherText, openedWith));
      return (clear === null ? null : openPkcs8(block, clear)) ?? refuse(failure);
    },
  };
}

/** Null if the bytes are not a key in PKCS#8. */
function openPkcs8(block: Block, der: Buffer): KeyObject | null {
  const algorithm = tryOr(() => oidOf(childrenOf(childrenOf(parseDer(der))[1])[0]), null);
  if (algorithm === null) return null;
  if (!quickAlgorithms.includes(algorithm)) {
    throw unsupported(block, refusedAlgorithms[algorithm] ?? `of the algorithm ${algorithm}`);
  }
  const key = parsed({ key: toPem({ label: 'PRIVATE KEY', headers: '', der }) });
  if (key === null && mlDsaAlgorithms.includes(algorithm)) throw unreadableMlDsa(block);
  return key;
}

function parsed(input: { readonly key: string; readonly passphrase?: string }): KeyObject | null {
  return tryOr(() => canonical(createPrivateKey(input)), null);
}

/**
 * OpenSSL keeps version numbers and optional parts of the input format; the numbers of a JWK have none. Keys of
 * ML-DSA have no such parts.
 */
function canonical(key: KeyObject): KeyObject {
  if (!jwkTypes.includes(String(key.asymmetricKeyType))) return key;
  return createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}

function refuse(error: CertferryError): never {
  throw error;
}

/** Turns the plain Error of an encryption into a refusal of the block. */
function orUnsupported<Result>(block: Block, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw undecryptable(block, error);
  }
}

function undecryptable(block: Block, cause: unknown): CertferryError {
  const reason = String(cause).replace(/^[A-Za-z]*Error: |\.$/g, '');
  const advice = isUnsupported(cause)
    ? `Convert it with ${conversions[block.openedWith === undefined ? 'key' : 'pkcs12']}`
    : 'Export it again with "openssl pkcs8 -topk8 -in FILE -out NEW"';
  return refused(
    'BundleUnreadable',
    block,
    (subject, label) => `${subject}: the block ${label} cannot be decrypted: ${reason}. ${advice}.`,
  );
}

function unreadable(block: Block): CertferryError {
  return refused(
    'BundleUnreadable',
    block,
    (subject, label) =>
      `${subject}: the block ${label} cannot be read as a private key. Copy the whole block again; check the file with "openssl pkey -in FILE -noout".`,
  );
}

function unreadableMlDsa(block: Block): CertferryError {
  return refused(
    'BundleUnreadable',
    block,
    (subject, label) =>
      `${subject}: the block ${label} with an ML-DSA key cannot be read. Copy the whole block again. ML-DSA needs OpenSSL 3.5; this Node has OpenSSL ${process.versions.openssl}.`,
  );
}

/** `key`: its kind. */
function unsupported({ origin, label }: Block, key: string): CertferryError {
  const message = `The private key (${origin.name}) is ${key}. Use RSA (2048 to 8192 bits), ECDSA on P-256, P-384 or P-521, Ed25519, or ML-DSA, in PKCS#8, PKCS#1 or SEC1.`;
  return new CertferryError('KeyTypeUnsupported', message, { details: { field: origin.field, label, key } });
}

function openssh(block: Block): CertferryError {
  return refused(
    'KeyTypeUnsupported',
    block,
    (subject, label) =>
      `${subject}: ${label} is a format that TLS servers do not read. Convert a copy with "ssh-keygen -p -m PKCS8 -f COPY".`,
  );
}

type Text = (subject: string, label: string) => string;

function refused(name: ErrorName, { origin, label }: Block, text: Text): CertferryError {
  const details = { field: origin.field, label };
  return new CertferryError(name, text(asSubject(origin), label), { details });
}
