// Names in the form of RFC 5280 section 4.2.1.6, from the bytes of an extension.
import { bufferOf, childrenOf, type Node, octetsOf, oidOf } from './asn1.ts';

export type NameKind = 'email' | 'dns' | 'directory' | 'uri' | 'ip' | 'other';

/**
 * `value`: text in lower case for `email`, `dns` and `uri`; bytes in hexadecimal for `ip`; the canonical text of
 * {@link canonicalName} for `directory`; the number of the form for `other`.
 */
export interface GeneralName {
  readonly kind: NameKind;
  readonly value: string;
}

/** The forms by their tag; all others are `other`. */
const kinds: Readonly<Record<number, NameKind>> = { 1: 'email', 2: 'dns', 4: 'directory', 6: 'uri', 7: 'ip' };

/** Throws a plain Error if the bytes are no name; so does the other function of this file. */
export function generalNameOf(node: Node): GeneralName {
  const kind = kinds[Number(node.type)] ?? 'other';
  return { kind, value: readers[kind](node) };
}

const text = (node: Node) => octetsOf(node).toLowerCase();

const readers: Readonly<Record<NameKind, (node: Node) => string>> = {
  email: text,
  dns: text,
  uri: text,
  directory: (node) => canonicalName(childrenOf(node)[0]),
  ip: (node) => bufferOf(octetsOf(node)).toString('hex'),
  other: ({ type }) => String(type),
};

/** Ends each part of a distinguished name, so that a name begins with the text of every name above it. */
const partEnd = '\u0000';

/**
 * A distinguished name as text that is equal for equal names: upper and lower case, the type of a string and white space
 * make no difference (RFC 5280 section 7.1). Empty for an empty name.
 */
export function canonicalName(name: Node | undefined): string {
  return childrenOf(name)
    .map((part) => childrenOf(part).map(canonicalAttribute).sort().join('+') + partEnd)
    .join('');
}

function canonicalAttribute(attribute: Node): string {
  const [type, value] = childrenOf(attribute);
  if (value === undefined) throw new Error('an attribute without a value');
  return `${oidOf(type)}=${canonicalValue(value)}`;
}

/** How the bytes of a string become text, by the tag of the string. The parser has decoded BMPString (30) already. */
const decoders: Readonly<Record<number, BufferEncoding | null>> = {
  12: 'utf8',
  19: 'latin1',
  20: 'latin1',
  22: 'latin1',
  26: 'latin1',
  30: null,
};

function canonicalValue({ type, value }: Node): string {
  const encoding = decoders[Number(type)];
  if (Array.isArray(value) || encoding === undefined) return `${type}:${JSON.stringify(value)}`;
  const decoded = encoding === null ? value : bufferOf(value).toString(encoding);
  return JSON.stringify(decoded.trim().replace(/\s+/g, ' ').toLowerCase());
}
