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

export function integerOf(node: Node | undefined): number {
  return forge.asn1.derToInteger(octetsOf(node));
}

const integerTag = 2;

/** The largest INTEGER in a value, at any depth. Among the parameters of a key derivation it bounds the cost. */
export function largestInteger(node: Node): number {
  if (Array.isArray(node.value)) return Math.max(0, ...node.value.map(largestInteger));
  if (Number(node.type) !== integerTag) return 0;
  return Number(`0x0${bufferOf(node.value).toString('hex')}`); // unsigned: a negative count is as absurd as a huge one
}
