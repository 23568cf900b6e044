// Certificates of any shape, for what a well-behaved authority would not issue: cross-signed, renewed under the same
// name, self-signed, out of date.
import 'reflect-metadata'; // before @peculiar/x509, whose dependency injection expects it
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Who stands behind a name: a key, and the certificate that binds the two. */
export interface Identity {
  readonly subject: string;
  readonly certificate: X509Certificate;
  readonly certPem: string;
  readonly keyPem: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Without an issuer it is self-signed; without keys it gets new ones (P-256). Dates are a day before and a year after now. */
export interface IdentityRequest {
  readonly subject: string;
  readonly issuer?: Identity;
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly ca?: boolean;
  readonly version1?: boolean;
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly signatureHash?: 'SHA-1' | 'SHA-256';
}

const day = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function anIdentity(request: IdentityRequest): Promise<Identity> {
  const { subject, issuer, keys = await makeKeys() } = request;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject}`,
    issuer: `CN=${issuer?.subject ?? subject}`,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: { ...algorithm, hash: request.signatureHash ?? algorithm.hash },
    notBefore: request.notBefore ?? new Date(Date.now() - day),
    notAfter: request.notAfter ?? new Date(Date.now() + 365 * day),
    extensions: extensionsOf(request),
  });
  const certPem = `${certificate.toString('pem')}\n`;
  return { subject, certPem, keyPem: await keyPemOf(keys), keys, certificate: new X509Certificate(certPem) };
}

function extensionsOf({ ca = false, version1 = false, names = [] }: IdentityRequest): x509.Extension[] {
  if (version1) return [];
  const basic = new x509.BasicConstraintsExtension(ca, undefined, true);
  const alternative = names.map((value) => ({ type: 'dns' as const, value }));
  return names.length === 0 ? [basic] : [basic, new x509.SubjectAlternativeNameExtension(alternative)];
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return { publicKey, privateKey };
}

async function keyPemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return pkcs8(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
}

/** Unencrypted PKCS#8 PEM. */
export function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A new P-256 key that belongs to nothing. */
export function aStrangeKey(): string {
  return pkcs8(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
}
