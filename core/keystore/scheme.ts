// Encryption of keys and certificates in a PKCS#12 store.
import 'node-forge/lib/rc2.js';
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import forge from 'node-forge/lib/forge.js';
import { parseDer } from '../certificate/asn1.ts';
import { readEncryption } from '../certificate/encryption.ts';
import { pkcs12Key } from '../certificate/pkcs12-key.ts';
import { type BerValue, bytesOf, oidOf, partsOf } from './ber.ts';
import { integer, nothing, objectIdentifier, octetString, sequence } from './der.ts';

/** How to encrypt. `iterations` derive the key from the password. */
export interface Scheme {
  readonly cipher: 'aes256' | 'tripleDes' | 'rc2';
  readonly iterations: number;
}

/**
 * `modern`: what keytool of Java 17 and OpenSSL 3 write (PBES2, AES-256, PBKDF2 with HMAC-SHA-256), with keytool's iterations.
 * `legacy`: what Java 8 before 8u301 and Windows Server 2016 read.
 */
export const schemes = {
  modern: { cipher: 'aes256', iterations: 10_000 },
  legacy: { cipher: 'tripleDes', iterations: 10_000 },
} as const satisfies Readonly<Record<string, Scheme>>;

const oids = {
  pbes2: '2a864886f70d01050d',
  pbkdf2: '2a864886f70d01050c',
  hmacSha256: '2a864886f70d0209',
  aes256: '60864801650304012a',
  tripleDes: '2a864886f70d010c0103',
  twoKeyTripleDes: '2a864886f70d010c0104',
  rc2Of128Bits: '2a864886f70d010c0105',
  rc2Of40Bits: '2a864886f70d010c0106',
} as const;

const ciphersByOid: Readonly<Record<string, Scheme['cipher']>> = {
  [oids.pbes2]: 'aes256',
  [oids.tripleDes]: 'tripleDes',
  [oids.twoKeyTripleDes]: 'tripleDes',
  [oids.rc2Of128Bits]: 'rc2',
  [oids.rc2Of40Bits]: 'rc2',
};

/** The scheme for new content beside content of this algorithm: PBES2 becomes AES-256, RC2 becomes RC2 of 40 bits. */
export function schemeLike(algorithm: BerValue): Scheme {
  const [type, parameters] = partsOf(algorithm);
  const cipher = ciphersByOid[oidOf(type)] ?? 'aes256';
  const count = cipher === 'aes256' ? iterationsOfPbkdf2(parameters) : partsOf(parameters)[1];
  return { cipher, iterations: count === undefined ? schemes.modern.iterations : numberIn(count) };
}

/** RC2 protects no key: its 40 bits are searched in seconds. */
export function schemeForKey(scheme: Scheme): Scheme {
  return scheme.cipher === 'rc2' ? { ...scheme, cipher: 'tripleDes' } : scheme;
}

function iterationsOfPbkdf2(parameters: BerValue | undefined): BerValue | undefined {
  const [type, derivation] = partsOf(partsOf(parameters)[0]);
  return oidOf(type) === oids.pbkdf2 ? partsOf(derivation)[1] : undefined;
}

const numberIn = (value: BerValue): number => Number(`0x0${value.content.toString('hex')}`);

/** What is written into the store: an AlgorithmIdentifier and the encrypted bytes. */
export interface Encrypted {
  readonly algorithm: Buffer;
  readonly cipherText: Buffer;
}

/** Encrypts with a new salt. */
export function encryptWith(scheme: Scheme, clear: Uint8Array, password: string): Encrypted {
  return encryptions[scheme.cipher](scheme.iterations, clear, password);
}

type Encrypt = (iterations: number, clear: Uint8Array, password: string) => Encrypted;

/** Bytes. Windows and GnuTLS refuse a salt of 64 bytes. */
const saltBytes = { pbkdf2: 16, pkcs12: 8 } as const;

const encryptions: Readonly<Record<Scheme['cipher'], Encrypt>> = {
  aes256(iterations, clear, password) {
    const [salt, iv] = [randomBytes(saltBytes.pbkdf2), randomBytes(16)];
    const key = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
    const derivation = sequence(
      objectIdentifier(oids.pbkdf2),
      // keytool of Java 8 requires the length of the key
      sequence(
        octetString(salt),
        integer(iterations),
        integer(32),
        sequence(objectIdentifier(oids.hmacSha256), nothing),
      ),
    );
    const cipher = sequence(objectIdentifier(oids.aes256), octetString(iv));
    return {
      algorithm: sequence(objectIdentifier(oids.pbes2), sequence(derivation, cipher)),
      cipherText: encipher('aes-256-cbc', key, iv, clear),
    };
  },
  tripleDes(iterations, clear, password) {
    const { salt, key, iv } = derived(iterations, 24, password);
    return {
      algorithm: pkcs12Algorithm(oids.tripleDes, salt, iterations),
      cipherText: encipher('des-ede3-cbc', key, iv, clear),
    };
  },
  rc2(iterations, clear, password) {
    const { salt, key, iv } = derived(iterations, 5, password);
    return {
      algorithm: pkcs12Algorithm(oids.rc2Of40Bits, salt, iterations),
      cipherText: encipherRc2(key, iv, clear),
    };
  },
};

/** RFC 7292 appendix C: key and initialization vector are both derived with SHA-1. */
function derived(iterations: number, keyBytes: number, password: string) {
  const salt = randomBytes(saltBytes.pkcs12);
  const derivation = { digest: 'sha1', salt, iterations } as const;
  return {
    salt,
    key: pkcs12Key(password, { ...derivation, purpose: 'key', length: keyBytes }),
    iv: pkcs12Key(password, { ...derivation, purpose: 'iv', length: 8 }),
  };
}

const pkcs12Algorithm = (oid: string, salt: Buffer, iterations: number): Buffer =>
  sequence(objectIdentifier(oid), sequence(octetString(salt), integer(iterations)));

function encipher(name: string, key: Buffer, iv: Buffer, clear: Uint8Array): Buffer {
  const stream = createCipheriv(name, key, iv);
  return Buffer.concat([stream.update(clear), stream.final()]);
}

function encipherRc2(key: Buffer, iv: Buffer, clear: Uint8Array): Buffer {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  const cipher = forge.rc2.createEncryptionCipher(text(key), key.length * 8);
  cipher.start(text(iv));
  cipher.update(forge.util.createBuffer(text(clear)));
  cipher.finish();
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

/** What is encrypted, before its key is derived. `iterations`: the cost. */
export interface Decryption {
  readonly iterations: number;
  /** Null if the padding is wrong, mostly because the password is. */
  open(password: string): Buffer | null;
}

/** Throws a plain Error for an algorithm that certferry does not support. */
export function decryptionOf(algorithm: BerValue, cipherText: BerValue | undefined): Decryption {
  const { iterations, decrypt } = readEncryption(parseDer(algorithm.raw));
  const bytes = bytesOf(cipherText);
  return { iterations, open: (password) => decrypt(bytes, password) };
}
