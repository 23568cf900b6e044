// A certificate authority in memory, which issues the versions of the demo and the tests.
// Each run creates new keys; this file never writes them to disk.
import 'reflect-metadata'; // before @peculiar/x509, whose dependency injection expects it
import { createHash, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

x509.cryptoProvider.set(webcrypto);

/** Key types of the authority and of the leaves. */
export type KeyType = 'rsa1024' | 'rsa2048' | 'rsa4096' | 'p256' | 'p384' | 'p521' | 'ed25519' | MlDsa;

/** Needs OpenSSL 3.5, as in Node 24. */
export type MlDsa = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

/** The content of a certificate. The first name is also the common name. Default: P-256, valid from one hour ago, for 90 days. */
export interface IssueRequest {
  readonly names: readonly string[];
  readonly keyType?: KeyType;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ca?: boolean;
  readonly signatureHash?: SignatureHash;
  /** Hexadecimal. */
  readonly serial?: string;
}

export type SignatureHash = 'SHA-1' | 'SHA-256';

/** `chainPem`: the intermediates, from the leaf upwards; empty if the root signs the leaf. `keyPem`: PKCS#8. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly chainPem: string;
  readonly fullchainPem: string;
  readonly keyPem: string;
  readonly fingerprint: string;
}

export interface Authority {
  readonly rootPem: string;
  readonly intermediatePem: string | null;
  /** Each call creates a new key. */
  readonly issue: (request: IssueRequest) => Promise<IssuedCertificate>;
}

/** `signatureHash`: used by the root to sign the intermediate. */
export interface AuthorityRequest {
  readonly name: string;
  readonly keyType?: KeyType;
  readonly intermediate?: boolean;
  readonly signatureHash?: SignatureHash;
}

interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Creates a root and, with `intermediate`, an intermediate that signs the leaves. */
export async function createAuthority(request: AuthorityRequest): Promise<Authority> {
  const { name, keyType = 'p256', intermediate = false } = request;
  const root = await createRoot(`${name} Root`, keyType);
  const intermediateSigner = intermediate
    ? await createIntermediate(root, `${name} Intermediate`, request)
    : null;
  const intermediatePem = intermediateSigner === null ? null : pemOf(intermediateSigner.certificate);
  return {
    rootPem: pemOf(root.certificate),
    intermediatePem,
    issue: (leaf) => issue(intermediateSigner ?? root, intermediatePem ?? '', leaf),
  };
}

async function createRoot(name: string, keyType: KeyType): Promise<Signer> {
  const keys = await createKeys(keyType);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: commonName(name),
    keys,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 3650 * day),
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: 'SHA-256' },
    extensions: await extensionsOf(keys.publicKey, { names: [], ca: true }),
  });
  return { certificate, keys };
}

async function createIntermediate(root: Signer, name: string, request: AuthorityRequest): Promise<Signer> {
  const keys = await createKeys(request.keyType ?? 'p256');
  const certificate = await sign(root, keys, {
    names: [],
    subject: name,
    ca: true,
    notAfter: new Date(Date.now() + 1825 * day),
    signatureHash: request.signatureHash ?? 'SHA-256',
  });
  return { certificate, keys };
}

async function issue(signer: Signer, chainPem: string, request: IssueRequest): Promise<IssuedCertificate> {
  const keys = await createKeys(request.keyType ?? 'p256');
  const certificate = await sign(signer, keys, { ...request, subject: request.names[0] ?? 'unnamed' });
  const certPem = pemOf(certificate);
  const keyPem = await keyPemOf(keys.privateKey);
  const der = createHash('sha256').update(Buffer.from(certificate.rawData));
  return {
    certPem,
    chainPem,
    fullchainPem: certPem + chainPem,
    keyPem,
    fingerprint: `sha256:${der.digest('hex')}`,
  };
}

async function sign(
  signer: Signer,
  keys: CryptoKeyPair,
  request: IssueRequest & { readonly subject: string },
): Promise<x509.X509Certificate> {
  const hash = request.signatureHash ?? 'SHA-256';
  return await x509.X509CertificateGenerator.create({
    subject: commonName(request.subject),
    issuer: signer.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: await signingKey(signer.keys, hash),
    notBefore: request.notBefore ?? new Date(Date.now() - hour),
    notAfter: request.notAfter ?? new Date(Date.now() + 90 * day),
    signingAlgorithm: { name: signer.keys.privateKey.algorithm.name, hash },
    extensions: await extensionsOf(keys.publicKey, request, signer.keys.publicKey),
    ...(request.serial === undefined ? {} : { serialNumber: request.serial }),
  });
}

async function extensionsOf(
  subjectKey: CryptoKey,
  { names, ca = false }: Pick<IssueRequest, 'names' | 'ca'>,
  issuerKey: CryptoKey = subjectKey,
): Promise<x509.Extension[]> {
  const usage = ca
    ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
    : x509.KeyUsageFlags.digitalSignature;
  return [
    new x509.BasicConstraintsExtension(ca, undefined, true),
    new x509.KeyUsagesExtension(usage, true),
    await x509.SubjectKeyIdentifierExtension.create(subjectKey),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
    ...(ca ? [] : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names.map(generalName))]),
  ];
}

function generalName(name: string): x509.JsonGeneralName {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}

function commonName(name: string): x509.JsonName {
  return [{ CN: [name] }];
}

const curves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const;

function keyAlgorithm(keyType: KeyType, hash: SignatureHash) {
  if (keyType === 'ed25519') return { name: 'Ed25519' };
  if (keyType.startsWith('ml-dsa-')) return { name: keyType.toUpperCase() };
  if (keyType === 'p256' || keyType === 'p384' || keyType === 'p521') {
    return { name: 'ECDSA', namedCurve: curves[keyType] };
  }
  const modulusLength = Number(keyType.slice('rsa'.length));
  return { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash };
}

async function createKeys(keyType: KeyType): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm(keyType, 'SHA-256'), true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error(`no key pair was generated for ${keyType}`);
  return keys;
}

/** Web Crypto binds an RSA key to one hash; to sign with another hash, the key is imported again. */
async function signingKey({ privateKey }: CryptoKeyPair, hash: SignatureHash): Promise<CryptoKey> {
  if (!privateKey.algorithm.name.startsWith('RSA')) return privateKey;
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return await webcrypto.subtle.importKey('pkcs8', pkcs8, { ...privateKey.algorithm, hash }, false, ['sign']);
}

async function keyPemOf(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return armour('PRIVATE KEY', der);
}

function pemOf(certificate: x509.X509Certificate): string {
  return armour('CERTIFICATE', Buffer.from(certificate.rawData));
}

function armour(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
