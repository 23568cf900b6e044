/** Sizes of the numbers that `od` and `hexdump` print, in bytes. */
const sizes = [1, 2, 4, 8] as const;
type Size = (typeof sizes)[number];

/** How a word of a dump stands for a number. `od` pads octal and hexadecimal numbers with zeros, so their length is fixed. */
interface Notation {
  readonly pattern: RegExp;
  readonly prefix: '0x' | '0o' | '0b' | '';
  readonly size: Size;
}

const notations: readonly Notation[] = [
  { pattern: /^[0-9a-f]{4}$/i, prefix: '0x', size: 2 },
  { pattern: /^[0-9a-f]{8}$/i, prefix: '0x', size: 4 },
  { pattern: /^[0-9a-f]{16}$/i, prefix: '0x', size: 8 },
  { pattern: /^[0-3][0-7]{2}$/, prefix: '0o', size: 1 },
  { pattern: /^[01][0-7]{5}$/, prefix: '0o', size: 2 },
  { pattern: /^[0-3][0-7]{10}$/, prefix: '0o', size: 4 },
  { pattern: /^[01][0-7]{21}$/, prefix: '0o', size: 8 },
  { pattern: /^[01]{8}$/, prefix: '0b', size: 1 },
  ...sizes.map((size) => ({ pattern: /^-?\d{1,20}$/, prefix: '' as const, size })),
];

/**
 * The bytes behind numbers in a text, read as octal, decimal and binary numbers, and as hexadecimal words. Words are
 * little-endian: the order of the processors on which the agent runs, and so of `od` and `hexdump` there.
 */
export function numberReadings(text: string): Buffer[] {
  const words = (text.match(/-?[0-9A-Za-z]+/g) ?? []).map((word) => word.replace(/^0x/i, ''));
  return notations.map((notation) => Buffer.from(words.flatMap((word) => bytesOf(word, notation))));
}

function bytesOf(word: string, { pattern, prefix, size }: Notation): number[] {
  if (!pattern.test(word)) return [];
  const value = BigInt(prefix + word);
  return fits(value, size) ? Array.from({ length: size }, (_, index) => byteAt(value, index)) : [];
}

const byteAt = (value: bigint, index: number): number => Number((value >> BigInt(8 * index)) & 0xffn);

/** Whether a signed or unsigned number of this size can have the value. */
function fits(value: bigint, size: Size): boolean {
  const limit = 1n << BigInt(8 * size);
  return value < limit && value >= -limit / 2n;
}
