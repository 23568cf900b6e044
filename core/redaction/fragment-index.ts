/**
 * Length of the shortest fragment that is found. Eight bytes are 64 bits: even 8 KB of random digits in a hundred readings
 * hit one of 16,000 indexed fragments in fewer than one of 10⁹ outputs.
 */
export const fragmentBytes = 8;

/** Size of the filter that rejects most positions without building a string. A power of two. */
const filterSlots = 1 << 18;

/** All fragments of some secrets. */
export interface FragmentIndex {
  /** Whether `bytes` contains at least {@link fragmentBytes} consecutive bytes of a secret, at any offset. */
  occursIn(bytes: Uint8Array): boolean;
}

/** Indexes every fragment of the secrets that is not also part of `publicBytes`. */
export function indexFragments(secrets: readonly Buffer[], publicBytes: readonly Buffer[]): FragmentIndex {
  const isPublic = new Set(publicBytes.flatMap(fragmentsOf));
  const fragments = new Set(secrets.flatMap(fragmentsOf).filter((fragment) => !isPublic.has(fragment)));
  const filter = createFilter([...fragments].map(endOf));
  return {
    occursIn(bytes) {
      let last4 = 0;
      for (let end = 1; end <= bytes.length; end += 1) {
        last4 = ((last4 << 8) | (bytes[end - 1] ?? 0)) >>> 0;
        if (end < fragmentBytes || !filter(last4)) continue;
        if (fragments.has(latin1(bytes.subarray(end - fragmentBytes, end)))) return true;
      }
      return false;
    },
  };
}

const endOf = (fragment: string): number => Buffer.from(fragment, 'latin1').readUInt32BE(fragmentBytes - 4);

/** A Bloom filter with one hash: false means that the value is certainly not among `values`. */
function createFilter(values: readonly number[]): (value: number) => boolean {
  const bits = new Uint8Array(filterSlots);
  for (const value of values) bits[slotOf(value)] = 1;
  return (value) => bits[slotOf(value)] === 1;
}

/** Multiplicative hashing (Knuth, TAOCP 3, §6.4). */
function slotOf(value: number): number {
  return (Math.imul(value, 2_654_435_761) >>> 0) % filterSlots;
}

function fragmentsOf(secret: Buffer): string[] {
  const count = Math.max(0, secret.length - fragmentBytes + 1);
  return Array.from({ length: count }, (_, at) => latin1(secret.subarray(at, at + fragmentBytes)));
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
