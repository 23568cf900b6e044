// The extensions of a certificate that decide whether a path is valid (RFC 5280 section 4.2).
import type { X509Certificate } from 'node:crypto';
import { bufferOf, childrenOf, type Node, octetsOf, oidOf, parseDer } from './asn1.ts';
import { canonicalName, type GeneralName, generalNameOf } from './general-name.ts';

/** Object identifiers of the extensions that certferry reads. */
export const extensionIds = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKey: '2.5.29.35',
  purposes: '2.5.29.37',
  netscapeType: '2.16.840.1.113730.1.1',
} as const;

/** Names below which a CA may issue (`permitted`), and below which it may not. */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** `bounded`: the subtree has a minimum or maximum, which RFC 5280 forbids. */
export interface Subtree {
  readonly base: GeneralName;
  readonly bounded: boolean;
}

/** Null, or an empty list of names: the certificate does not have that extension. */
export interface CertificateExtensions {
  /** The object identifiers of the critical extensions. */
  readonly critical: readonly string[];
  /** A certificate of X.509 version 1 has no extensions. */
  readonly isVersion1: boolean;
  readonly ca: boolean;
  readonly pathLength: number | null;
  /** Numbers of the set bits (RFC 5280 section 4.2.1.3): 0 is digitalSignature. */
  readonly keyUsage: readonly number[] | null;
  /** Object identifiers. */
  readonly purposes: readonly string[] | null;
  /** Numbers of the set bits: 1 is SSL server. */
  readonly netscapeType: readonly number[] | null;
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  /** The canonical text of the subject. */
  readonly subject: string;
  /** Names that the subject contains, as RFC 5280 applies name constraints to them: e-mail addresses, and common names. */
  readonly subjectEmails: readonly string[];
  readonly commonNames: readonly string[];
  /** Identifiers of the certificate's own key and of its issuer's key, in hexadecimal. */
  readonly subjectKey: string | null;
  readonly authorityKey: string | null;
}

const known = new WeakMap<X509Certificate, CertificateExtensions>();

/** Parses each certificate once. Throws a plain Error if an extension is malformed or occurs twice. */
export function extensionsOf(certificate: X509Certificate): CertificateExtensions {
  const found = known.get(certificate) ?? parseExtensions(certificate.raw);
  known.set(certificate, found);
  return found;
}

interface RawExtension {
  readonly critical: boolean;
  readonly value: Node;
}

function parseExtensions(der: Buffer): CertificateExtensions {
  const fields = childrenOf(childrenOf(parseDer(der))[0]);
  const isVersion1 = contextTag(fields[0]) !== 0;
  const subject = fields[isVersion1 ? 4 : 5];
  const raw = rawExtensions(fields.find((field) => contextTag(field) === 3));
  const read = <Value, Other>(id: string, parse: (node: Node) => Value, otherwise: Other) => {
    const extension = raw.get(id);
    return extension === undefined ? otherwise : parse(extension.value);
  };
  return {
    isVersion1,
    critical: [...raw].filter(([, { critical }]) => critical).map(([id]) => id),
    ...read(extensionIds.basicConstraints, basicConstraints, { ca: false, pathLength: null }),
    keyUsage: read(extensionIds.keyUsage, setBits, null),
    purposes: read(extensionIds.purposes, (node) => childrenOf(node).map(oidOf), null),
    netscapeType: read(extensionIds.netscapeType, setBits, null),
    alternativeNames: read(extensionIds.alternativeNames, (node) => childrenOf(node).map(generalNameOf), []),
    nameConstraints: read(extensionIds.nameConstraints, nameConstraints, null),
    subject: canonicalName(subject),
    subjectEmails: attributesOf(subject, '1.2.840.113549.1.9.1'),
    commonNames: attributesOf(subject, '2.5.4.3'),
    subjectKey: read(extensionIds.subjectKey, (node) => hexOf(node), null),
    authorityKey: read(extensionIds.authorityKey, authorityKey, null),
  };
}

const contextSpecific = 0x80;

/** The number of a context-specific tag; null for a universal one. */
function contextTag(node: Node | undefined): number | null {
  return Number(node?.tagClass) === contextSpecific ? Number(node?.type) : null;
}

function rawExtensions(field: Node | undefined): Map<string, RawExtension> {
  const found = new Map<string, RawExtension>();
  if (field === undefined) return found;
  for (const extension of childrenOf(childrenOf(field)[0])) {
    const parts = childrenOf(extension);
    const id = oidOf(parts[0]);
    if (found.has(id)) throw new Error(`the extension ${id} occurs twice`);
    const critical = parts.length > 2 && octetsOf(parts[1]) !== '\u0000';
    const content = octetsOf(parts.at(-1));
    found.set(id, { critical, value: readIds.has(id) ? parseDer(content) : extension });
  }
  return found;
}

/** The value of another extension may be anything, so it is not parsed. */
const readIds = new Set<string>(Object.values(extensionIds));

const booleanTag = 1;

function basicConstraints(node: Node): Pick<CertificateExtensions, 'ca' | 'pathLength'> {
  const parts = childrenOf(node);
  const [first] = parts;
  const hasFlag = Number(first?.type) === booleanTag;
  const length = parts[hasFlag ? 1 : 0];
  return {
    ca: hasFlag && octetsOf(first) !== '\u0000',
    pathLength: length === undefined ? null : countIn(length),
  };
}

/** An INTEGER of at least 0: its first bit is the sign. */
function countIn(node: Node): number {
  const digits = hexOf(node);
  if (!/^[0-7]/.test(digits)) throw new Error('a count is negative');
  return Number.parseInt(digits, 16);
}

/** The first byte of a BIT STRING counts the unused bits; the first bit is the highest of the next byte. */
function setBits(node: Node): number[] {
  const [, ...bytes] = bufferOf(octetsOf(node));
  return bytes.flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte & (0x80 >> bit)) !== 0).map((bit) => at * 8 + bit),
  );
}

function nameConstraints(node: Node): NameConstraints {
  const subtrees = (tag: number) =>
    childrenOf(node)
      .filter((part) => contextTag(part) === tag)
      .flatMap(childrenOf)
      .map(subtreeOf);
  return { permitted: subtrees(0), excluded: subtrees(1) };
}

function subtreeOf(node: Node): Subtree {
  const [base, ...bounds] = childrenOf(node);
  if (base === undefined) throw new Error('a subtree without a name');
  const minimumIsDefault = bounds.every((each) => contextTag(each) === 0 && /^(00)*$/.test(hexOf(each)));
  return { base: generalNameOf(base), bounded: !minimumIsDefault };
}

function authorityKey(node: Node): string | null {
  const key = childrenOf(node).find((part) => contextTag(part) === 0);
  return key === undefined ? null : hexOf(key);
}

function attributesOf(name: Node | undefined, id: string): string[] {
  return childrenOf(name)
    .flatMap(childrenOf)
    .map(childrenOf)
    .filter(([type]) => oidOf(type) === id)
    .map(([, value]) => octetsOf(value).trim().toLowerCase());
}

function hexOf(node: Node): string {
  return bufferOf(octetsOf(node)).toString('hex');
}
