// Reads the parts of DER and BER that node:crypto does not expose.
import 'node-forge/lib/asn1.js';
import type { asn1 } from 'node-forge';
import forge from 'node-forge/lib/forge.js';

export type Node = asn1.Asn1;

/** Bytes in the form of node-forge: a string of characters 0 to 255. */
export type ByteString = string;

/** Throws a plain Error unless the bytes are exactly one DER or BER value; so do the other functions of this file. */
export function parseDer(bytes: Uint8Array | ByteString): Node {
  return forge.asn1.fromDer(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1'));
}

export function derOf(node: Node): Buffer {
  return bufferOf(forge.asn1.toDer(node).getBytes());
}

export function bufferOf(bytes: ByteString): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** The values inside a SEQUENCE, a SET or an explicit tag. */
export function childrenOf(node: Node | undefined): Node[] {
  if (node === undefined || !Array.isArray(node.value))
    throw new Error('a constructed ASN.1 value was expected');
  return node.value;
}

/** The content of an OCTET STRING; joins the segments of BER. */
export function octetsOf(node: Node | undefined): ByteString {
  if (node === undefined) throw new Error('an OCTET STRING was expected');
  return Array.isArray(node.value) ? node.value.map(octetsOf).join('') : node.value;
}

export function oidOf(node: Node | undefined): string {
  return forge.asn1.derToOid(octetsOf(node));
}

/** The value of an INTEGER that counts something: at least 1. A negative one is read as a huge count. */
export function countOf(node: Node | undefined): number {
  const count = Number(`0x0${bufferOf(octetsOf(node)).toString('hex')}`);
  if (count < 1) throw new Error('a count is zero');
  return count;
}
