// Reads the certificates of PKCS#7 (RFC 5652): the files .p7b and .p7c, which contain no key.
import { CertferryError } from '../errors.ts';
import { childrenOf, derOf, type Node, oidOf, parseDer } from './asn1.ts';
import { asSubject, type Origin } from './origin.ts';
import type { Block } from './pem.ts';

const signedData = '1.2.840.113549.1.7.2';
const sequenceTag = 16;
const contextClass = 128;

/**
 * The certificates of a PKCS#7 file as blocks, byte for byte; none if it has none.
 * @throws CertferryError BundleUnreadable
 */
export function readPkcs7(origin: Origin, der: Buffer): Block[] {
  try {
    return certificatesOf(der).map((certificate) => ({
      origin,
      label: 'CERTIFICATE',
      headers: '',
      der: certificate,
    }));
  } catch (error) {
    throw unreadable(origin, error);
  }
}

/** SignedData (RFC 5652 section 5.1): the certificates have the tag [0]. Attribute certificates are omitted. */
function certificatesOf(der: Buffer): Buffer[] {
  const [type, content] = childrenOf(parseDer(der));
  if (oidOf(type) !== signedData) throw new Error(`it holds content of type ${oidOf(type)}`);
  const certificates = childrenOf(childrenOf(content)[0]).find(
    (part) => Number(part.tagClass) === contextClass && Number(part.type) === 0,
  );
  if (certificates === undefined) return [];
  return childrenOf(certificates)
    .filter(({ tagClass, type: tag }) => Number(tagClass) === 0 && Number(tag) === sequenceTag)
    .map((node) => unchanged(der, node));
}

/** A certificate that is encoded in another way has other bytes after the conversion: its signature would not match. */
function unchanged(file: Buffer, node: Node): Buffer {
  const der = derOf(node);
  if (!file.includes(der)) throw new Error('a certificate in it is not DER');
  return der;
}

function unreadable(origin: Origin, cause: unknown): CertferryError {
  const reason = String(cause).replace(/^[A-Za-z]*Error: |\.$/g, '');
  const message = `${asSubject(origin)} cannot be read as PKCS#7: ${reason}. Convert it with "openssl pkcs7 -print_certs -in FILE -out NEW" (add "-inform DER" if it is not text), or use PEM.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}
