// Opens the private key in any format and proves that it belongs to the leaf. Messages and details never contain key
// bytes or a passphrase, and errors of OpenSSL are never a cause.
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  type X509Certificate,
} from 'node:crypto';
import { CertferryError } from '../errors.ts';
import { childrenOf, parseDer } from './asn1.ts';
import { describeCertificate, describeKey, publicKeyDigest } from './describe.ts';
import { refuseCostlyDerivation, wrongPassphrase } from './passphrase.ts';
import { type Block, toPem } from './pem.ts';
import { isConsistentRsa } from './rsa.ts';
import { tryOr } from './try-or.ts';

/** Key types with a JWK form; no accepted leaf has a key of another type. */
const jwkTypes: readonly string[] = ['rsa', 'ec', 'ed25519'];

/**
 * The private key among the blocks (duplicates count once): PKCS#8, PKCS#1 or SEC1, encrypted or not.
 * @throws CertferryError NoPrivateKey, SeveralPrivateKeys, WrongPassphrase, KeyTypeUnsupported, BundleUnreadable
 */
export function readPrivateKey(blocks: readonly Block[], passphrase: string | undefined): KeyObject {
  const sealed = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const keys = sealed.map((block) => openKey(block, passphrase));
  const distinct = new Map(keys.map((key) => [pkcs8Of(key), key]));
  const [key] = distinct.values();
  if (key === undefined) throw noPrivateKey();
  if (distinct.size > 1) throw severalPrivateKeys(sealed);
  return key;
}

/** Unencrypted PKCS#8 PEM with LF line ends; for a key from `readPrivateKey` it does not depend on the input format. */
export function pkcs8Of(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Compares the public half of the key with that of the leaf, then makes and verifies a signature. A damaged key may still
 * have the right public half.
 * @throws CertferryError KeyMismatch, BundleUnreadable
 */
export function assertKeyBelongsTo(leaf: X509Certificate, key: KeyObject): void {
  const publicKey = createPublicKey(key);
  if (publicKeyDigest(publicKey) !== publicKeyDigest(leaf.publicKey)) throw keyMismatch(leaf, publicKey);
  if (!isConsistentRsa(key) || !canSignFor(key, leaf.publicKey)) throw damagedKey();
}

function canSignFor(key: KeyObject, publicKey: KeyObject): boolean {
  const text = Buffer.from('certferry');
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return tryOr(() => verify(hash, text, publicKey, sign(hash, text, key)), false);
}

function openKey(block: Block, passphrase: string | undefined): KeyObject {
  const { field, label } = block;
  if (label === 'OPENSSH PRIVATE KEY') throw opensshKey(block);
  // The keys in a PKCS#12 file without a passphrase are encrypted with the empty one.
  const secret = field === 'pkcs12' ? (passphrase ?? '') : passphrase;
  const encrypted = isEncrypted(block);
  if (encrypted && secret === undefined) throw wrongPassphrase(field, 'private key', undefined);
  if (label === 'ENCRYPTED PRIVATE KEY') refuseCostlyKey(block);
  try {
    const key = toPem(block);
    return canonical(createPrivateKey(secret === undefined ? { key } : { key, passphrase: secret }));
  } catch {
    throw encrypted ? wrongPassphrase(field, 'private key', passphrase) : unreadableKey(block);
  }
}

/** OpenSSL keeps version numbers and optional parts of the input format; the numbers of a JWK have none. */
function canonical(key: KeyObject): KeyObject {
  if (!jwkTypes.includes(String(key.asymmetricKeyType))) return key;
  return createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}

function isEncrypted({ label, headers }: Block): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || headers.includes('ENCRYPTED');
}

/** EncryptedPrivateKeyInfo (RFC 5958) begins with its algorithm. */
function refuseCostlyKey({ field, der }: Block): void {
  const algorithm = tryOr(() => childrenOf(parseDer(der))[0], undefined); // OpenSSL refuses it below
  if (algorithm !== undefined) refuseCostlyDerivation(field, algorithm);
}

function noPrivateKey(): CertferryError {
  const message =
    'There is no private key in any field. Add the PEM block "PRIVATE KEY" (or "RSA PRIVATE KEY", "EC PRIVATE KEY") that belongs to the leaf.';
  return new CertferryError('NoPrivateKey', message);
}

function severalPrivateKeys(blocks: readonly Block[]): CertferryError {
  const fields = [...new Set(blocks.map(({ field }) => field))];
  const message = `There are several different private keys (in ${fields.map((field) => `"${field}"`).join(', ')}). Remove those that do not belong to the leaf.`;
  return new CertferryError('SeveralPrivateKeys', message, { details: { keys: blocks.length, fields } });
}

function keyMismatch(leaf: X509Certificate, given: KeyObject): CertferryError {
  const [actual, expected] = [identify(given), identify(leaf.publicKey)];
  const message = `The private key (${actual}) does not belong to the leaf ${describeCertificate(leaf)} (${expected}). Use the key of the certificate request.`;
  return new CertferryError('KeyMismatch', message, { details: { key: actual, leaf: expected } });
}

function identify(key: KeyObject): string {
  return `${describeKey(key)}, public key sha256 ${publicKeyDigest(key)}…`;
}

function damagedKey(): CertferryError {
  const message =
    'The private key is damaged: it has the public key of the leaf, but its signatures are invalid. Copy the key again from its origin.';
  return new CertferryError('BundleUnreadable', message, { details: { field: 'key' } });
}

function unreadableKey({ field, label }: Block): CertferryError {
  const message = `The field "${field}": the block ${label} cannot be read as a private key. Copy the whole block again; check the file with "openssl pkey -in FILE -noout".`;
  return new CertferryError('BundleUnreadable', message, { details: { field, label } });
}

function opensshKey({ field, label }: Block): CertferryError {
  const message = `The field "${field}": ${label} is a format that TLS servers do not read. Convert a copy with "ssh-keygen -p -m PKCS8 -f COPY".`;
  return new CertferryError('KeyTypeUnsupported', message, { details: { field, label } });
}
