// Reads BER and DER (X.690) without changing a byte: what a keystore does not understand is written back as it was.
// node-forge is not used here, because it encodes what it has read again.

/** One value with its bytes. `tag` is the first byte of the identifier. */
export interface BerValue {
  readonly tag: number;
  /** Identifier, length and content. */
  readonly raw: Buffer;
  /** Without identifier and length, and without the end marker of an indefinite length. */
  readonly content: Buffer;
}

export const tags = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Deeper nesting occurs in no keystore. */
const maximumDepth = 24;

/** Reads bytes that are exactly one value. Throws a plain Error otherwise; so do the other functions of this file. */
export function readBer(bytes: Uint8Array): BerValue {
  const value = valueAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, 0);
  if (value.raw.length !== bytes.length) throw new Error('bytes follow its end');
  return value;
}

/** The values inside a SEQUENCE, a SET or an explicit tag. */
export function partsOf(value: BerValue | undefined, tag?: number): BerValue[] {
  if (value === undefined) throw new Error('a value is missing');
  if (tag !== undefined && value.tag !== tag) throw new Error(`tag ${value.tag} was found instead of ${tag}`);
  if (!isConstructed(value.tag)) throw new Error('a constructed value was expected');
  return valuesIn(value.content);
}

/** The bytes of an OCTET STRING, also of one with an implicit tag; joins the segments of BER. */
export function bytesOf(value: BerValue | undefined): Buffer {
  if (value === undefined) throw new Error('an OCTET STRING is missing');
  return isConstructed(value.tag) ? Buffer.concat(valuesIn(value.content).map(bytesOf)) : value.content;
}

/** The content of an OBJECT IDENTIFIER, in hex. */
export function oidOf(value: BerValue | undefined): string {
  if (value?.tag !== tags.oid) throw new Error('an OBJECT IDENTIFIER was expected');
  return value.content.toString('hex');
}

const isConstructed = (tag: number): boolean => (tag & 0x20) !== 0;

function valuesIn(content: Buffer): BerValue[] {
  const values: BerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const value = valueAt(content, at, 0);
    values.push(value);
    at += value.raw.length;
  }
  return values;
}

function valueAt(bytes: Buffer, start: number, depth: number): BerValue {
  const tag = byteAt(bytes, start);
  if ((tag & 0x1f) === 0x1f) throw new Error('it has a tag of several bytes');
  const first = byteAt(bytes, start + 1);
  if (first === 0x80) return indefiniteAt(bytes, start, depth);
  const lengthBytes = first > 0x80 ? first - 0x80 : 0;
  if (lengthBytes > 4 || start + 2 + lengthBytes > bytes.length) throw new Error('a length is invalid');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(start + 2, lengthBytes);
  const begin = start + 2 + lengthBytes;
  if (begin + length > bytes.length) throw new Error('it ends early');
  return { tag, raw: bytes.subarray(start, begin + length), content: bytes.subarray(begin, begin + length) };
}

/** The content ends with two zero bytes (X.690 section 8.1.5). */
function indefiniteAt(bytes: Buffer, start: number, depth: number): BerValue {
  const tag = byteAt(bytes, start);
  if (!isConstructed(tag) || depth > maximumDepth) throw new Error('a length is invalid');
  let at = start + 2;
  while (byteAt(bytes, at) !== 0 || byteAt(bytes, at + 1) !== 0)
    at += valueAt(bytes, at, depth + 1).raw.length;
  return { tag, raw: bytes.subarray(start, at + 2), content: bytes.subarray(start + 2, at) };
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error('it ends early');
  return byte;
}
