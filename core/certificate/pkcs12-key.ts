import { createHash, hash } from 'node:crypto';

/** The digests of PKCS#12 by OpenSSL name, with the block size of each in bytes. */
export const blockBytes = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 } as const;
export type Digest = keyof typeof blockBytes;

/** The size of the digest in bytes. */
export const digestBytes = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;

/** What a derived value is for: the ID byte of RFC 7292 appendix B.3. */
export const purposes = { key: 1, iv: 2, mac: 3 } as const;

/** One derivation by RFC 7292 appendix B. `length`: bytes. */
export interface Pkcs12Derivation {
  readonly digest: Digest;
  readonly purpose: keyof typeof purposes;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly length: number;
}

/** Iterations of the derivation, counted once for each block of the digest that the key needs. */
export function pkcs12Rounds({
  digest,
  iterations,
  length,
}: Omit<Pkcs12Derivation, 'salt' | 'purpose'>): number {
  return iterations * Math.ceil(length / digestBytes[digest]);
}

/**
 * Derives a key from a passphrase (RFC 7292 appendix B.2). Node has no native function for it.
 *
 * Gotcha: the loop returns each digest as a string of characters 0 to 255, because Node creates a string three times
 * faster than a Buffer. `npm run bench` compares it with native PBKDF2.
 */
export function pkcs12Key(passphrase: string | null, derivation: Pkcs12Derivation): Buffer {
  const { digest, purpose, salt, iterations, length } = derivation;
  const size = blockBytes[digest];
  const diversifier = Buffer.alloc(size, purposes[purpose]);
  const input = Buffer.concat([filled(salt, size), filled(bmpString(passphrase), size)]);
  const output: Buffer[] = [];
  for (let made = 0; made < length; made += digestBytes[digest]) {
    const block = iterated(digest, createHash(digest).update(diversifier).update(input).digest(), iterations);
    output.push(block);
    addToBlocks(input, filled(block, size));
  }
  return Buffer.concat(output).subarray(0, length);
}

function iterated(digest: Digest, first: Buffer, iterations: number): Buffer {
  let last = first;
  for (let done = 1; done < iterations; done += 1) last = Buffer.from(hash(digest, last, 'binary'), 'latin1');
  return last;
}

/** UTF-16, highest byte first, with a terminating zero (RFC 7292 appendix B.1). No passphrase has not even the zero. */
function bmpString(text: string | null): Buffer {
  if (text === null) return Buffer.alloc(0);
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}

/** Copies of the bytes up to a multiple of the block size; nothing for no bytes. */
function filled(bytes: Uint8Array, size: number): Buffer {
  const length = size * Math.ceil(bytes.length / size);
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** Adds `addend` + 1 to every block of the input, modulo the size of a block. */
function addToBlocks(input: Buffer, addend: Buffer): void {
  for (let start = 0; start < input.length; start += addend.length) {
    let carry = 1;
    for (let at = addend.length - 1; at >= 0; at -= 1) {
      carry += (input[start + at] ?? 0) + (addend[at] ?? 0);
      input[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}
