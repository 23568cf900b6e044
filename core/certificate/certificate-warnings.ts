// Properties of certificates that some clients refuse. They are warnings, because other clients accept them.
import type { X509Certificate } from 'node:crypto';
import { childrenOf, type Node, octetsOf, oidOf, parseDer } from './asn1.ts';
import { describeCertificate } from './describe.ts';
import { tryOr } from './try-or.ts';

/** RFC 7633: the value is a list of TLS extensions; 5 is status_request. */
const tlsFeature = '1.3.6.1.5.5.7.1.24';
const statusRequest = 5;

/** Tags of TBSCertificate (RFC 5280 section 4.1). */
const contextClass = 128;
const versionTag = 0;
const extensionsTag = 3;

/** Full sentences: what was found, and why it matters. */
export function certificateWarnings(leaf: X509Certificate, chain: readonly X509Certificate[]): string[] {
  return [...(isMustStaple(leaf) ? [mustStaple] : []), ...[leaf, ...chain].flatMap(serialWarning)];
}

const mustStaple =
  'The leaf requires OCSP stapling (must-staple): clients such as Firefox refuse it unless the daemon staples a valid response. ' +
  'Enable stapling in the daemon, or request a certificate without this extension; many CAs no longer offer OCSP.';

function isMustStaple(certificate: X509Certificate): boolean {
  return tryOr(() => {
    const value = extensionOf(certificate, tlsFeature);
    if (value === null) return false;
    return childrenOf(parseDer(value)).some(
      (feature) => octetsOf(feature) === String.fromCharCode(statusRequest),
    );
  }, false);
}

/** The value of an extension, in DER; null if the certificate does not have it. */
function extensionOf(certificate: X509Certificate, oid: string): string | null {
  const extensions = partsOf(certificate).find((part) => hasTag(part, extensionsTag));
  const all = extensions === undefined ? [] : childrenOf(childrenOf(extensions)[0]);
  const found = all.map(childrenOf).find(([type]) => oidOf(type) === oid);
  return found === undefined ? null : octetsOf(found.at(-1));
}

/** RFC 5280 section 4.1.2.2: a serial number is a positive integer. */
function serialWarning(certificate: X509Certificate): string[] {
  const sign = tryOr(() => signOf(serialOf(certificate)), 'positive');
  if (sign === 'positive') return [];
  return [
    `${describeCertificate(certificate)} has ${kinds[sign]}. RFC 5280 requires a positive one: programs in Go (since 1.23) refuse a negative one, and other clients may refuse both. Request a new certificate.`,
  ];
}

const kinds = { negative: 'a negative serial number', zero: 'the serial number zero' } as const;

function serialOf(certificate: X509Certificate): string {
  const [first, second] = partsOf(certificate);
  return octetsOf(first !== undefined && hasTag(first, versionTag) ? second : first);
}

/** `bytes`: an integer in two's complement. */
function signOf(bytes: string): 'negative' | 'zero' | 'positive' {
  if (bytes.charCodeAt(0) >= 0x80) return 'negative';
  return /^\0*$/.test(bytes) ? 'zero' : 'positive';
}

/** The parts of TBSCertificate. */
function partsOf(certificate: X509Certificate): Node[] {
  return childrenOf(childrenOf(parseDer(certificate.raw))[0]);
}

function hasTag({ tagClass, type }: Node, tag: number): boolean {
  return Number(tagClass) === contextClass && Number(type) === tag;
}
