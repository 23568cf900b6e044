/** The bytes of r and s in a signature by P-256 (RFC 7518 §3.4). */
const integerBytes = 32;

const [sequence, integer] = [0x30, 0x02];

/**
 * The signature of KMS (DER: a SEQUENCE of the INTEGERs r and s, RFC 3279 §2.2.3) in the form of JWS: r and s with 32 bytes
 * each. In P-256, every length is below 128 and so takes one byte.
 * Throws a plain Error for anything else.
 */
export function joseSignature(der: Uint8Array): Uint8Array {
  if (der[0] !== sequence || der[1] !== der.length - 2) throw notASignature();
  const r = integerAt(der, 2);
  const s = integerAt(der, r.end);
  if (s.end !== der.length) throw notASignature();
  return Buffer.concat([r.bytes, s.bytes]);
}

function integerAt(der: Uint8Array, at: number): { readonly bytes: Uint8Array; readonly end: number } {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== integer || length === 0 || end > der.length) throw notASignature();
  const value = der.subarray(at + 2, end);
  // DER adds a zero byte if the first bit is set, because an INTEGER has a sign
  const unsigned = value[0] === 0 ? value.subarray(1) : value;
  if (unsigned.length > integerBytes || (value[0] ?? 0) > 0x7f) throw notASignature();
  return { bytes: Buffer.concat([Buffer.alloc(integerBytes - unsigned.length), unsigned]), end };
}

const notASignature = () => new Error('KMS returned something other than a DER signature by P-256');
