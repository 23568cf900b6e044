// Finds the private key and proves that it belongs to the leaf. Messages and details never contain key bytes or a
// passphrase, and errors of OpenSSL are never a cause.
import { createPublicKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import { CertferryError } from '../errors.ts';
import type { DerivationBudget } from './derivation-budget.ts';
import { describeCertificate, describeKey, publicKeyDigest } from './describe.ts';
import { isMlDsa } from './facts.ts';
import { seedPkcs8 } from './ml-dsa-key.ts';
import { inSentence, listed } from './origin.ts';
import { type Block, isPrivateKey, toPem } from './pem.ts';
import { isConsistentRsa } from './rsa.ts';
import { readSealedKey } from './sealed-key.ts';
import { tryOr } from './try-or.ts';

/** A bundle has one key. The same key in a second form is harmless, but every key costs time. */
const maximumKeys = 10;

/**
 * The private key among the blocks (duplicates count once): PKCS#8, PKCS#1 or SEC1, encrypted or not.
 * @throws CertferryError NoPrivateKey, SeveralPrivateKeys, WrongPassphrase, KeyTypeUnsupported, BundleUnreadable
 */
export function readPrivateKey(
  blocks: readonly Block[],
  passphrase: string | undefined,
  budget: DerivationBudget,
): KeyObject {
  const sealed = blocks.filter(isPrivateKey);
  if (sealed.length > maximumKeys) throw tooManyKeys(sealed.length);
  const keys = sealed.map((block) => readSealedKey(block, passphrase));
  for (const [at, { origin }] of sealed.entries()) budget.spend(origin, keys[at]?.iterations ?? 0);
  const distinct = new Map(keys.map(({ open }) => open()).map((key) => [pkcs8Of(key), key]));
  const [key] = distinct.values();
  if (key === undefined) throw noPrivateKey(blocks);
  if (distinct.size > 1) throw severalPrivateKeys(sealed);
  return key;
}

/** Unencrypted PKCS#8 PEM with LF line ends; for a key from `readPrivateKey` it does not depend on the input format. */
export function pkcs8Of(key: KeyObject): string {
  const seed = isMlDsa(key.asymmetricKeyType) ? seedPkcs8(key) : null;
  if (seed !== null) return toPem({ label: 'PRIVATE KEY', headers: '', der: seed });
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
  const hash = hashesItself(key) ? null : 'sha256';
  return tryOr(() => verify(hash, text, publicKey, sign(hash, text, key)), false);
}

/** Ed25519 and ML-DSA sign a text, not its digest. */
function hashesItself({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'ed25519' || isMlDsa(asymmetricKeyType);
}

function noPrivateKey(blocks: readonly Block[]): CertferryError {
  const found = listed(
    blocks.map(({ origin }) => origin),
    inSentence,
  );
  const message = `There is no private key in ${found}. Add the PEM block "PRIVATE KEY" (or "RSA PRIVATE KEY", "EC PRIVATE KEY") that belongs to the leaf.`;
  return new CertferryError('NoPrivateKey', message);
}

function tooManyKeys(keys: number): CertferryError {
  const message = `There are ${keys} private keys; at most ${maximumKeys} are allowed. Remove those that do not belong to the leaf.`;
  return new CertferryError('SeveralPrivateKeys', message, { details: { keys } });
}

function severalPrivateKeys(blocks: readonly Block[]): CertferryError {
  const fields = [...new Set(blocks.map(({ origin }) => origin.field))];
  const found = listed(
    blocks.map(({ origin }) => origin),
    ({ name }) => name,
  );
  const message = `There are several different private keys (in ${found}). Remove those that do not belong to the leaf.`;
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
