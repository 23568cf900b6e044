// Not simulated: the real texts of most refusals.
//
// What ACM requires of an imported certificate. acm-server.ts has the sources that the marks in brackets name.
import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** The parameters of ImportCertificate, as PEM. */
export interface Content {
  readonly leaf: string;
  readonly chain: string;
  readonly key: string;
}

/** An answer that is an error: the service's name, and its message. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export const validation = (message: string) => new Refusal('ValidationException', message);

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function requireImportable({ leaf: pem, chain, key }: Content): void {
  const [first, ...more] = pem.match(block) ?? [];
  if (first === undefined) throw validation('The certificate is not a valid PEM certificate.'); // [prereq] PEM
  // [one]
  if (more.length > 0)
    throw validation(
      'The certificate field contains more than one certificate. You can specify only one certificate in this field.',
    );
  const leaf = new X509Certificate(first);
  if (algorithmOf(first) === '') throw validation('The private key is not supported.'); // [prereq] the list of algorithms
  if (/ENCRYPTED/.test(key)) throw validation('The private key is encrypted.'); // [prereq] unencrypted
  if (!leaf.checkPrivateKey(createPrivateKey(key)))
    throw validation('The private key does not match the certificate.'); // [api]
  const now = new Date();
  if (leaf.validFromDate > now || leaf.validToDate < now) throw validation('The certificate is not valid.'); // [prereq] valid at the time
  requireChain(
    leaf,
    (chain.match(block) ?? []).map((each) => new X509Certificate(each)),
  );
}

/** [trouble] "Each certificate in the chain must directly certify the one preceding", and the chain is without the leaf. */
function requireChain(leaf: X509Certificate, chain: readonly X509Certificate[]): void {
  const isSelfSigned = leaf.subject === leaf.issuer;
  // [trouble] "If your certificate is signed by a CA, you must include an intermediate certificate chain"
  if (chain.length === 0 && !isSelfSigned)
    throw validation('Could not validate the certificate with the certificate chain.');
  const path = [leaf, ...chain];
  const isBroken = chain.some((issuer, at) => {
    const subject = path[at] as X509Certificate;
    return !subject.checkIssued(issuer) || !subject.verify(issuer.publicKey);
  });
  if (isBroken) throw validation('Could not validate the certificate with the certificate chain.'); // [trouble]
  const [issuer] = chain;
  // [api] "The cryptographic algorithm of an imported certificate must match the algorithm of the signing CA."
  if (issuer !== undefined && issuer.publicKey.asymmetricKeyType !== leaf.publicKey.asymmetricKeyType) {
    throw validation('The algorithm of the certificate does not match that of its CA.');
  }
}

/** What a re-import may not change. */
export function requireReplaceable(next: string, current: string): void {
  if (algorithmOf(next) !== algorithmOf(current)) {
    throw validation('The key type and size of a certificate cannot be changed.'); // [reimport]
  }
  const [offered, required] = [usagesOf(next), usagesOf(current)];
  const isEcdsa = algorithmOf(current).startsWith('EC');
  requireUsages('Key Usages', offered.keyUsages, required.keyUsages, isEcdsa ? ['keyEncipherment'] : []);
  requireUsages('Extended Key Usages', offered.purposes, required.purposes, [
    x509.ExtendedKeyUsage.clientAuth,
  ]);
}

type Usages = readonly string[] | null;

function requireUsages(name: string, offered: Usages, required: Usages, removable: readonly string[]): void {
  // [prereq] "you can't add a KeyUsage or ExtendedKeyUsage extension if your previously imported certificate didn't have" it
  if (required === null && offered !== null) throw validation(`New certificate adds ${name}.`);
  const isMissing = (required ?? []).some((each) => !removable.includes(each) && !offered?.includes(each));
  // [usages]
  if (isMissing)
    throw validation(
      `New certificate is missing one or more ${name} supported by the currently imported certificate`,
    );
}

/** Parsed with another library than the connector uses. */
function usagesOf(pem: string): { readonly keyUsages: Usages; readonly purposes: Usages } {
  const certificate = new x509.X509Certificate(pem);
  const bits = certificate.getExtension(x509.KeyUsagesExtension)?.usages ?? null;
  const flags = Object.entries(x509.KeyUsageFlags).filter(([, flag]) => typeof flag === 'number');
  return {
    keyUsages:
      bits === null ? null : flags.filter(([, flag]) => (bits & Number(flag)) !== 0).map(([name]) => name),
    purposes: certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String) ?? null,
  };
}

/** The names of [prereq]; empty for a type that ACM does not import. */
export function algorithmOf(pem: string): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = new X509Certificate(pem).publicKey;
  if (type === 'rsa')
    return [1024, 2048, 3072, 4096].includes(details?.modulusLength ?? 0)
      ? `RSA_${details?.modulusLength}`
      : '';
  const isSupported =
    type === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(`${details?.namedCurve}`);
  return isSupported ? `EC_${details?.namedCurve}` : '';
}
