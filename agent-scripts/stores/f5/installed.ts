import { createHash, X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import { fingerprintOf } from '../../../core/certificate/facts.ts';
import type { Bundle, Fingerprint, KeyAlgorithm, VersionFacts } from '../../../core/deployment/version.ts';
import type { PreviousBundles } from '../store.ts';
import type { Device } from './device.ts';
import { objectUrl } from './objects.ts';
import type { Entry } from './plan.ts';

/**
 * The properties of a certificate object, in versions 13 and later.
 *
 * | property         | example                                                        |
 * | ---------------- | -------------------------------------------------------------- |
 * | `fingerprint`    | `SHA256/B5:BD:…`                                               |
 * | `checksum`       | `SHA1:5368116:a98ae0…`: size and digest of the file            |
 * | `keyType`        | `rsa-public`, `ec-public`                                      |
 * | `expirationDate` | epoch seconds                                                  |
 * | `isBundle`       | `true` for a file with several certificates                    |
 */
const CertificateObject = z.object({
  fingerprint: z.optional(z.string()),
  checksum: z.optional(z.string()),
  keyType: z.optional(z.string()),
  expirationDate: z.optional(z.number()),
  isBundle: z.optional(z.string()),
});
type CertificateObject = z.infer<typeof CertificateObject>;

/** The certificate and the chain that an entry refers to. Null: no reference, or no such object. */
export interface Installed {
  readonly cert: CertificateObject | null;
  readonly chain: CertificateObject | null;
  readonly hasChain: boolean;
}

export async function readInstalled(device: Device, entry: Entry | undefined): Promise<Installed> {
  return {
    cert: await readCertificate(device, entry?.cert),
    chain: await readCertificate(device, entry?.chain),
    hasChain: entry?.chain !== undefined,
  };
}

async function readCertificate(device: Device, path: string | undefined): Promise<CertificateObject | null> {
  if (path === undefined) return null;
  const answer = await device.ask({ method: 'GET', path: objectUrl('ssl-cert', path) }, [404]);
  return answer.status === 404 ? null : CertificateObject.parse(answer.body);
}

const keyAlgorithms: Readonly<Record<string, KeyAlgorithm>> = { 'rsa-public': 'rsa', 'ec-public': 'ec' };

/**
 * The facts of an installed version; null if the device does not return them. The device returns no fingerprints of a
 * chain with several certificates. They come from a bundle of the same leaf, if its chain has the checksum of the
 * installed one. Otherwise the facts have no chain.
 */
export async function factsOfInstalled(
  { cert, chain }: Installed,
  previous: PreviousBundles,
): Promise<VersionFacts | null> {
  const fingerprint = sha256Of(cert);
  const keyAlgorithm = keyAlgorithms[cert?.keyType ?? ''];
  const notAfter = cert?.expirationDate;
  if (fingerprint === null || keyAlgorithm === undefined || notAfter === undefined) return null;
  const known = chain === null ? [] : await chainOf(chain, fingerprint, previous);
  return { fingerprint, chain: known, keyAlgorithm, notAfter };
}

async function chainOf(
  chain: CertificateObject,
  leaf: Fingerprint,
  previous: PreviousBundles,
): Promise<Fingerprint[]> {
  if (chain.isBundle !== 'true') {
    const single = sha256Of(chain);
    return single === null ? [] : [single];
  }
  const bundle = await previous.find(leaf);
  return bundle !== null && isChain(chain, bundle) ? bundle.chain.map(fingerprintOfPem) : [];
}

/** Whether certificate and chain are those of the bundle. The device refuses a key of another certificate (01070317:3). */
export function isInstalled(installed: Installed, bundle: Bundle): boolean {
  if (sha256Of(installed.cert) !== fingerprintOfPem(bundle.leaf)) return false;
  if (bundle.chain.length === 0) return !installed.hasChain;
  return installed.chain !== null && isChain(installed.chain, bundle);
}

function isChain(object: CertificateObject, { chain }: Bundle): boolean {
  const [first = '', ...others] = chain;
  if (others.length === 0) return object.isBundle !== 'true' && sha256Of(object) === fingerprintOfPem(first);
  return object.checksum === checksumOf(chainText(chain));
}

/** The content of the chain object. */
export function chainText(chain: readonly string[]): string {
  return chain.join('');
}

function checksumOf(text: string): string {
  return `SHA1:${Buffer.byteLength(text)}:${createHash('sha1').update(text).digest('hex')}`;
}

function fingerprintOfPem(pem: string): Fingerprint {
  return fingerprintOf(new X509Certificate(pem));
}

function sha256Of(object: CertificateObject | null): Fingerprint | null {
  const [, hex] = /^SHA256\/((?:[0-9A-F]{2}:?){32})$/i.exec(object?.fingerprint ?? '') ?? [];
  return hex === undefined ? null : `sha256:${hex.replaceAll(':', '').toLowerCase()}`;
}
