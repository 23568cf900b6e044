// Encryption with a passphrase, as in encrypted keys and PKCS#12 files. The parameters are read first, so that the cost is
// known before a key is derived.
import 'node-forge/lib/rc2.js';
import { createDecipheriv, pbkdf2Sync, scryptSync } from 'node:crypto';
import forge from 'node-forge/lib/forge.js';
import { bufferOf, childrenOf, countOf, type Node, octetsOf, oidOf } from './asn1.ts';
import { type Digest, digestBytes, pkcs12Key, pkcs12Rounds } from './pkcs12-key.ts';
import { tryOr } from './try-or.ts';

/** One encryption: its cost, and its reversal. */
export interface Encryption {
  /** Iterations of the derivation, counted once for each block of the digest that the key needs. */
  readonly iterations: number;
  /** The clear bytes; null if the padding is wrong, mostly because the passphrase is. */
  decrypt(cipherText: Uint8Array, passphrase: string): Buffer | null;
}

/** Throws a plain Error for an algorithm that certferry does not support. */
export function readEncryption(algorithm: Node): Encryption {
  const [type, parameters] = childrenOf(algorithm);
  if (parameters === undefined) throw new Error('its encryption has no parameters');
  const oid = oidOf(type);
  if (oid === pbes2) return readPbes2(parameters);
  return readPkcs12Pbe(found(pkcs12Ciphers, oid), parameters);
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

/** A key derivation of PBES2: its cost, and the derivation. */
interface Derivation {
  readonly iterations: number;
  derive(passphrase: string): Buffer;
}

/** RFC 8018 section 6.2. The passphrase is UTF-8. */
function readPbes2(parameters: Node): Encryption {
  const [derivation, encryption] = childrenOf(parameters);
  const [type, vector] = childrenOf(encryption);
  const cipher = found(ciphers, oidOf(type));
  const iv = bufferOf(octetsOf(vector));
  const { iterations, derive } = readDerivation(derivation, cipher.keyBytes);
  return {
    iterations,
    decrypt: (cipherText, passphrase) => decipher(cipher, { key: derive(passphrase), iv, cipherText }),
  };
}

function readDerivation(derivation: Node | undefined, keyBytes: number): Derivation {
  const [type, parameters] = childrenOf(derivation);
  const oid = oidOf(type);
  if (oid === pbkdf2) return readPbkdf2(parameters, keyBytes);
  if (oid === scrypt) return readScrypt(parameters, keyBytes);
  throw new Error(`its key derivation (${oid}) is not supported`);
}

/** RFC 8018 appendix A.2. Without a pseudo-random function, it is HMAC with SHA-1. */
function readPbkdf2(parameters: Node | undefined, keyBytes: number): Derivation {
  const [salt, count, ...options] = childrenOf(parameters);
  const algorithm = options.find(({ value }) => Array.isArray(value));
  const length = options.find(({ value }) => !Array.isArray(value));
  if (length !== undefined && countOf(length) !== keyBytes)
    throw new Error('its key has another length than its cipher');
  const digest = algorithm === undefined ? 'sha1' : found(pseudoRandom, oidOf(childrenOf(algorithm)[0]));
  const [saltBytes, iterations] = [bufferOf(octetsOf(salt)), countOf(count)];
  return {
    iterations: iterations * Math.ceil(keyBytes / digestBytes[digest]),
    derive: (passphrase) => pbkdf2Sync(passphrase, saltBytes, iterations, keyBytes, digest),
  };
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
    derive: (passphrase) =>
      scryptSync(passphrase, saltBytes, keyBytes, { N, r, p, maxmem: 2 * maximumScryptBytes }),
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
    decrypt(cipherText, passphrase) {
      const [key, iv] = [pkcs12Key(passphrase, forKey), pkcs12Key(passphrase, forVector)];
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

function found<Value>(table: Readonly<Record<string, Value>>, oid: string): Value {
  const value = Object.hasOwn(table, oid) ? table[oid] : undefined;
  if (value === undefined) throw new Error(`its encryption (${oid}) is not supported`);
  return value;
}
