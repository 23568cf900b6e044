// Writes DER (X.690): Windows and GnuTLS read no keystore in BER.

/** A value of this tag. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(bytes.length), bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const octetString = (bytes: Uint8Array): Buffer => der(0x04, bytes);
/** An explicit tag `[number]`. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  der(0xa0 + number, ...parts);
export const nothing = der(0x05);

/** A SET, whose values DER sorts by their bytes (X.690 section 11.6). */
export function setOf(values: readonly Uint8Array[]): Buffer {
  return der(0x31, ...values.toSorted((one, other) => Buffer.compare(one, other)));
}

/** An OBJECT IDENTIFIER from its content in hex. */
export const objectIdentifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

/** An INTEGER that is not negative, up to 2⁴⁸. */
export function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return der(0x02, ...((bytes[0] ?? 0) >= 0x80 ? [Buffer.from([0]), bytes] : [bytes]));
}

/** A BMPString: UTF-16 with the highest byte first. */
export const bmpString = (text: string): Buffer => der(0x1e, Buffer.from(text, 'utf16le').swap16());

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}
