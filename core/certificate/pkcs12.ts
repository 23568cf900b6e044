// Reads PKCS#12 (RFC 7292) into the same blocks as PEM. The reader of node-forge is not used, because it converts
// certificates and keys, which loses their exact bytes, and supports RSA only.
import 'node-forge/lib/pbe.js';
import 'node-forge/lib/sha1.js';
import 'node-forge/lib/sha256.js';
import 'node-forge/lib/sha512.js';
import { createHmac, timingSafeEqual } from 'node:crypto';
import forge from 'node-forge/lib/forge.js';
import { CertferryError, isCertferryError } from '../errors.ts';
import {
  type ByteString,
  bufferOf,
  childrenOf,
  derOf,
  integerOf,
  type Node,
  octetsOf,
  oidOf,
  parseDer,
} from './asn1.ts';
import { refuseCostlyDerivation, wrongPassphrase } from './passphrase.ts';
import type { Block } from './pem.ts';

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const keyBag = '1.2.840.113549.1.12.10.1.1';
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2';
const certificateBag = '1.2.840.113549.1.12.10.1.3';
const safeContentsBag = '1.2.840.113549.1.12.10.1.6';
const x509Certificate = '1.2.840.113549.1.9.22.1';
const pbes2 = '1.2.840.113549.1.5.13';

/**
 * Certificates and keys of a PKCS#12 file as blocks; keys that are encrypted individually stay encrypted. Without a
 * passphrase, the empty one is used.
 * @throws CertferryError WrongPassphrase, BundleUnreadable
 */
export function readPkcs12(bytes: Uint8Array, passphrase: string | undefined): Block[] {
  try {
    const [, authenticatedSafe, mac] = childrenOf(parseDer(bytes));
    const content = plainContent(authenticatedSafe);
    if (mac !== undefined) checkIntegrity(childrenOf(mac), content, passphrase);
    return childrenOf(parseDer(content)).flatMap((part) => bagsOf(contentOf(part, passphrase)));
  } catch (error) {
    throw isCertferryError(error) ? error : unreadable(error);
  }
}

/** RFC 7292 section 4: HMAC with a key derived from the passphrase. Detects a wrong passphrase. */
function checkIntegrity(
  [digestInfo, salt, iterations]: Node[],
  content: ByteString,
  passphrase: string | undefined,
): void {
  const [algorithm, expected] = childrenOf(digestInfo);
  const { name, digest } = digestOf(oidOf(childrenOf(algorithm)[0]));
  if (iterations !== undefined) refuseCostlyDerivation('pkcs12', iterations);
  const rounds = iterations === undefined ? 1 : integerOf(iterations);
  const saltBytes = forge.util.createBuffer(octetsOf(salt));
  const key = forge.pbe.generatePkcs12Key(
    passphrase ?? '',
    saltBytes,
    3,
    rounds,
    digest.digestLength,
    digest,
  );
  const actual = createHmac(name, bufferOf(key.getBytes())).update(bufferOf(content)).digest();
  const expectedDigest = bufferOf(octetsOf(expected));
  if (actual.length !== expectedDigest.length || !timingSafeEqual(actual, expectedDigest))
    throw wrong(passphrase);
}

function digestOf(oid: string) {
  const name = forge.pki.oids[oid] ?? oid;
  const digest = forge.md[name]?.create();
  if (digest === undefined) throw new Error(`its integrity check (${name}) is not supported`);
  return { name, digest };
}

/** The SafeContents of one part, decrypted if necessary. */
function contentOf(part: Node, passphrase: string | undefined): Node {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== encryptedData) return parseDer(plainContent(part));
  const [, encrypted] = childrenOf(childrenOf(content)[0]);
  const [, algorithm, cipherText] = childrenOf(encrypted);
  if (algorithm === undefined) throw new Error('its encryption is not named');
  const clear = decrypt(algorithm, octetsOf(cipherText), passphrase);
  try {
    return parseDer(clear);
  } catch {
    throw wrong(passphrase); // one of 256 wrong passphrases produces valid padding
  }
}

function plainContent(part: Node | undefined): ByteString {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== data) throw new Error(`it holds content of type ${oidOf(type)}`);
  return octetsOf(childrenOf(content)[0]);
}

function decrypt(algorithm: Node, cipherText: ByteString, passphrase: string | undefined): ByteString {
  refuseCostlyDerivation('pkcs12', algorithm);
  const [type, parameters] = childrenOf(algorithm);
  if (parameters === undefined) throw new Error('its encryption has no parameters');
  const oid = oidOf(type);
  const secret = passphrase ?? '';
  // PBES2 takes the passphrase as UTF-8, the older schemes (which node-forge encodes itself) as UTF-16.
  const cipher = forge.pbe.getCipher(oid, parameters, oid === pbes2 ? forge.util.encodeUtf8(secret) : secret);
  cipher.update(forge.util.createBuffer(cipherText));
  if (!cipher.finish()) throw wrong(passphrase);
  return cipher.output.getBytes();
}

function bagsOf(safeContents: Node): Block[] {
  return childrenOf(safeContents).flatMap(blocksOf);
}

function blocksOf(bag: Node): Block[] {
  const [type, tagged] = childrenOf(bag);
  const [value] = childrenOf(tagged);
  if (value === undefined) throw new Error('it has an empty bag');
  const kind = oidOf(type);
  if (kind === safeContentsBag) return bagsOf(value);
  if (kind === keyBag) return [block('PRIVATE KEY', derOf(value))];
  if (kind === shroudedKeyBag) return [block('ENCRYPTED PRIVATE KEY', derOf(value))];
  return kind === certificateBag ? certificateIn(value) : [];
}

function certificateIn(bag: Node): Block[] {
  const [type, tagged] = childrenOf(bag);
  if (oidOf(type) !== x509Certificate) return [];
  return [block('CERTIFICATE', bufferOf(octetsOf(childrenOf(tagged)[0])))];
}

function block(label: string, der: Buffer): Block {
  return { field: 'pkcs12', label, headers: '', der };
}

function wrong(passphrase: string | undefined): CertferryError {
  return wrongPassphrase('pkcs12', 'PKCS#12 file', passphrase);
}

function unreadable(cause: unknown): CertferryError {
  const reason = String(cause).replace(/^Error: |\.$/g, '');
  const message = `The field "pkcs12" cannot be read as PKCS#12: ${reason}. Export it again with "openssl pkcs12 -export", or use PEM.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: 'pkcs12' } });
}
