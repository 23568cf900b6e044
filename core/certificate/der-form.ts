// Recognises files in DER by their structure, because DER has no label as PEM has.
import { childrenOf, type Node, parseDer } from './asn1.ts';
import { tryOr } from './try-or.ts';

/** Numbers of universal tags (X.680 section 8.4). */
const tags: Readonly<Record<number, string>> = {
  2: 'INTEGER',
  3: 'BITS',
  4: 'OCTETS',
  6: 'OID',
  16: 'SEQUENCE',
  17: 'SET',
};
const contextClass = 128;

/** The label that PEM uses for the same content, or `PKCS12`. */
type Form = { readonly label: string; readonly parts: RegExp };

/** By the parts of the outer SEQUENCE: RFC 5280, 2986, 5652, 7292, 5958, 8017 and 5915. */
const forms: readonly Form[] = [
  { label: 'CERTIFICATE', parts: /^SEQUENCE SEQUENCE BITS$/ },
  { label: 'PKCS7', parts: /^OID \[0\]$/ },
  { label: 'PKCS12', parts: /^INTEGER SEQUENCE( SEQUENCE)?$/ },
  { label: 'PRIVATE KEY', parts: /^INTEGER SEQUENCE OCTETS( \[\d\])*$/ },
  { label: 'ENCRYPTED PRIVATE KEY', parts: /^SEQUENCE OCTETS$/ },
  { label: 'RSA PRIVATE KEY', parts: /^INTEGER( INTEGER){8}$/ },
  { label: 'EC PRIVATE KEY', parts: /^INTEGER OCTETS( \[\d\])*$/ },
  { label: 'DSA PRIVATE KEY', parts: /^INTEGER( INTEGER){5}$/ },
  { label: 'PUBLIC KEY', parts: /^SEQUENCE BITS$/ },
];

/** Signed values have the same outer parts; the inner ones differ. RFC 2986 section 4.2 and RFC 5280 section 5.1. */
const signedForms: readonly Form[] = [
  { label: 'CERTIFICATE REQUEST', parts: /^INTEGER SEQUENCE SEQUENCE( \[0\])?$/ },
  { label: 'X509 CRL', parts: /^(INTEGER )?SEQUENCE SEQUENCE \d/ },
];

/** The label of the content in PEM; `PKCS12` for a PKCS#12 file. Null if the bytes are none of the known forms. */
export function labelOfDer(bytes: Uint8Array): string | null {
  return tryOr(() => labelOf(parseDer(bytes)), null);
}

function labelOf(node: Node): string | null {
  const parts = childrenOf(node);
  const label = labelIn(forms, parts);
  if (label !== 'CERTIFICATE') return label;
  return labelIn(signedForms, childrenOf(parts[0])) ?? label;
}

function labelIn(known: readonly Form[], parts: readonly Node[]): string | null {
  const shape = parts.map(nameOf).join(' ');
  return known.find((form) => form.parts.test(shape))?.label ?? null;
}

function nameOf({ tagClass, type }: Node): string {
  return Number(tagClass) === contextClass ? `[${type}]` : (tags[Number(type)] ?? String(type));
}
