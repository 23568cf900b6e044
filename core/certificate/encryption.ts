// Encryption with a passphrase, as in encrypted keys and PKCS#12 files. The parameters are read first, so that the cost is
// known before a key is derived.
import 'node-forge/lib/rc2.js';
import { createDecipheriv, pbkdf2Sync, scryptSync } from 'node:crypto';
import forge from 'node-forge/lib/forge.js';
import { bufferOf, childrenOf, countOf, type Node, octetsOf, oidOf } from './asn1.ts';
import { type Digest, digestBytes, pkcs12Key, pkcs12Rounds } from './pkcs12-key.ts';
import { tryOr } from './try-or.ts';

/** A passphrase. Null is none at all, which differs from an empty one in PKCS#12 (RFC 7292 appendix B.1). */
export type Secret = string | null;

/** One encryption: its cost, and its reversal. */
export interface Encryption {
  /** Iterations of the derivation, counted once for each block of the digest that the key needs. */
  readonly iterations: number;
  /** The clear bytes; null if the padding is wrong, mostly because the passphrase is. */
  decrypt(cipherText: Uint8Array, secret: Secret): Buffer | null;
}

/** Throws a plain Error for an algorithm that certferry does not support. */
export function readEncryption(algorithm: Node): Encryption {
  const [type, parameters] = childrenOf(algorithm);
  if (parameters === undefined) throw new Error('its encryption has no parameters');
  const oid = oidOf(type);
  if (oid === pbes2) return readPbes2(parameters);
  return readPkcs12Pbe(found(pkcs12Ciphers, oid, 'encryption'), parameters);
}

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';
const scrypt = '1.3.6.1.4.1.11591.4.11';

/** A cipher in CBC mode. `name` is that of OpenSSL; sizes are bytes. */
interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
}

/** The ciphers of PBES2 that Node supports. */
const ciphers: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.392.200011.61.1.1.1.2': { name: 'camellia-128-cbc', keyBytes: 16 },
  '1.2.392.200011.61.1.1.1.3': { name: 'camellia-192-cbc', keyBytes: 24 },
  '1.2.392.200011.61.1.1.1.4': { name: 'camellia-256-cbc', keyBytes: 32 },
  '1.2.410.200046.1.1.2': { name: 'aria-128-cbc', keyBytes: 16 },
  '1.2.410.200046.1.1.7': { name: 'aria-192-cbc', keyBytes: 24 },
  '1.2.410.200046.1.1.12': { name: 'aria-256-cbc', keyBytes: 32 },
};

/** The pseudo-random functions of PBKDF2 (RFC 8018 appendix B.1): HMAC with these digests. */
const pseudoRandom: Readonly<Record<string, Digest>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** The ciphers of RFC 7292 appendix C. RC2 is not in the OpenSSL of Node. */
const pkcs12Ciphers: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.1.12.1.3': { name: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { name: 'des-ede-cbc', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { name: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2', keyBytes: 5 },
};

/** A key derivation: its cost, and the derivation. */
export interface Derivation {
  readonly iterations: number;
  derive(secret: Secret): Buffer;
}

/** RFC 8018 section 6.2. The passphrase is UTF-8. */
function readPbes2(parameters: Node): Encryption {
  const [derivation, encryption] = childrenOf(parameters);
  const [type, vector] = childrenOf(encryption);
  const cipher = found(ciphers, oidOf(type), 'encryption');
  const iv = bufferOf(octetsOf(vector));
  const { iterations, derive } = readDerivation(derivation, cipher.keyBytes);
  return {
    iterations,
    decrypt: (cipherText, secret) => decipher(cipher, { key: derive(secret), iv, cipherText }),
  };
}

/** The derivation of a key of that many bytes. Null: its parameters must name the length, as in PBMAC1 (RFC 9579). */
export function readDerivation(derivation: Node | undefined, keyBytes: number | null): Derivation {
  const [type, parameters] = childrenOf(derivation);
  const oid = oidOf(type);
  if (oid === pbkdf2) return readPbkdf2(parameters, keyBytes);
  if (oid === scrypt && keyBytes !== null) return readScrypt(parameters, keyBytes);
  throw unsupported('key derivation', oid);
}

/** The digest of an HMAC. */
export function pseudoRandomDigest(type: Node | undefined): Digest {
  return found(pseudoRandom, oidOf(type), 'HMAC');
}

/** RFC 8018 appendix A.2. Without a pseudo-random function, it is HMAC with SHA-1. */
function readPbkdf2(parameters: Node | undefined, expectedBytes: number | null): Derivation {
  const [salt, count, ...options] = childrenOf(parameters);
  const algorithm = options.find(({ value }) => Array.isArray(value));
  const length = options.find(({ value }) => !Array.isArray(value));
  const keyBytes = keyLength(length, expectedBytes);
  const digest = algorithm === undefined ? 'sha1' : pseudoRandomDigest(childrenOf(algorithm)[0]);
  const [saltBytes, iterations] = [bufferOf(octetsOf(salt)), countOf(count)];
  return {
    iterations: iterations * Math.ceil(keyBytes / digestBytes[digest]),
    derive: (secret) => pbkdf2Sync(secret ?? '', saltBytes, iterations, keyBytes, digest),
  };
}

function keyLength(length: Node | undefined, expectedBytes: number | null): number {
  if (expectedBytes === null && length === undefined) throw new Error('the length of its key is missing');
  const keyBytes = length === undefined ? expectedBytes : countOf(length);
  if (expectedBytes !== null && keyBytes !== expectedBytes)
    throw new Error('its key has another length than its cipher');
  return Number(keyBytes);
}

/** The limit of OpenSSL for scrypt in an encrypted key. */
const maximumScryptBytes = 32 * 1024 * 1024;

/** RFC 7914 section 7.1. One step of the product of its three numbers costs about as much as an iteration of PBKDF2. */
function readScrypt(parameters: Node | undefined, keyBytes: number): Derivation {
  const [salt, cost, blockSize, parallelization] = childrenOf(parameters);
  const [N, r, p] = [countOf(cost), countOf(blockSize), countOf(parallelization)];
  if (128 * r * (N + p) > maximumScryptBytes)
    throw new Error('its scrypt parameters need more than 32 MiB of memory');
  const saltBytes = bufferOf(octetsOf(salt));
  return {
    iterations: N * r * p,
    derive: (secret) =>
      scryptSync(secret ?? '', saltBytes, keyBytes, { N, r, p, maxmem: 2 * maximumScryptBytes }),
  };
}

/** RFC 7292 appendix C: key and initialization vector are both derived with SHA-1. */
function readPkcs12Pbe(cipher: Cipher, parameters: Node): Encryption {
  const [saltNode, count] = childrenOf(parameters);
  const [salt, iterations] = [bufferOf(octetsOf(saltNode)), countOf(count)];
  const forKey = { digest: 'sha1', purpose: 'key', salt, iterations, length: cipher.keyBytes } as const;
  const forVector = { ...forKey, purpose: 'iv', length: 8 } as const;
  return {
    iterations: pkcs12Rounds(forKey) + pkcs12Rounds(forVector),
    decrypt(cipherText, secret) {
      const [key, iv] = [pkcs12Key(secret, forKey), pkcs12Key(secret, forVector)];
      return decipher(cipher, { key, iv, cipherText });
    },
  };
}

interface CipherInput {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly cipherText: Uint8Array;
}

function decipher({ name }: Cipher, { key, iv, cipherText }: CipherInput): Buffer | null {
  if (name === 'rc2') return decipherRc2({ key, iv, cipherText });
  const stream = createDecipheriv(name, key, iv);
  return tryOr(() => Buffer.concat([stream.update(cipherText), stream.final()]), null);
}

function decipherRc2({ key, iv, cipherText }: CipherInput): Buffer | null {
  const bytes = (from: Uint8Array) => Buffer.from(from).toString('latin1');
  const cipher = forge.rc2.createDecryptionCipher(bytes(key), key.length * 8);
  cipher.start(bytes(iv));
  cipher.update(forge.util.createBuffer(bytes(cipherText)));
  return cipher.finish() ? bufferOf(cipher.output.getBytes()) : null;
}

function found<Value>(table: Readonly<Record<string, Value>>, oid: string, what: string): Value {
  const value = Object.hasOwn(table, oid) ? table[oid] : undefined;
  if (value === undefined) throw unsupported(what, oid);
  return value;
}

/** Algorithms of old or foreign programs, as OpenSSL calls them: an operator searches for the name, not for the number. */
const unsupportedNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.5.1': 'PBE-MD2-DES',
  '1.2.840.113549.1.5.3': 'PBE-MD5-DES',
  '1.2.840.113549.1.5.4': 'PBE-MD2-RC2-64',
  '1.2.840.113549.1.5.6': 'PBE-MD5-RC2-64',
  '1.2.840.113549.1.5.10': 'PBE-SHA1-DES',
  '1.2.840.113549.1.5.11': 'PBE-SHA1-RC2-64',
  '1.2.840.113549.1.12.1.1': 'PBE-SHA1-RC4-128',
  '1.2.840.113549.1.12.1.2': 'PBE-SHA1-RC4-40',
  '1.2.840.113549.2.5': 'MD5',
  '1.2.840.113549.3.2': 'RC2-CBC',
  '1.2.840.113549.3.4': 'RC4',
  '1.3.14.3.2.7': 'DES-CBC',
  '1.2.410.200004.1.4': 'SEED-CBC',
  '1.2.643.2.2.21': 'GOST 28147-89',
  '1.2.156.10197.1.104.2': 'SM4-CBC',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM',
  '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
};

/** The cause of an error that only a conversion of the file solves. */
const unsupportedAlgorithm = 'unsupported algorithm';

/** A plain Error. `what`: e.g. `encryption`; `algorithm`: an object identifier or a name. */
export function unsupported(what: string, algorithm: string): Error {
  const name = Object.hasOwn(unsupportedNames, algorithm) ? unsupportedNames[algorithm] : undefined;
  const isNumber = /^[\d.]+$/.test(algorithm);
  const shown = [name, isNumber ? `(${algorithm})` : algorithm]
    .filter((part) => part !== undefined)
    .join(' ');
  return new Error(`its ${what} ${shown} is not supported`, { cause: unsupportedAlgorithm });
}

/** Whether another encryption of the same content could be read. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.cause === unsupportedAlgorithm;
}
