import { partsOf, readBer, tags } from './ber.ts';

/** Subject and issuer of a certificate (RFC 5280 section 4.1), as hex of their DER: Java connects certificates by them. */
export interface CertificateNames {
  readonly subject: string;
  readonly issuer: string;
}

/** Throws a plain Error for bytes that are no certificate. */
export function namesOfCertificate(certificate: Uint8Array): CertificateNames {
  const [body] = partsOf(readBer(certificate), tags.sequence);
  const [first, ...others] = partsOf(body, tags.sequence);
  // the version is optional
  const fields = first?.tag === 0xa0 ? others : [first, ...others];
  const [, , issuer, , subject] = fields;
  if (issuer === undefined || subject === undefined) throw new Error('a certificate is damaged');
  return { subject: hexOf(subject.raw), issuer: hexOf(issuer.raw) };
}

const hexOf = (raw: Buffer): string => raw.toString('hex');
