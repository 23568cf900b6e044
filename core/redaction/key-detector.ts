import type { KeyObject } from 'node:crypto';
import { type FragmentIndex, indexFragments } from './fragment-index.ts';
import { readingsOf } from './readings.ts';
import { secretParts } from './secret-parts.ts';

/** Decides whether an output contains a part of certain private keys. */
export type KeyDetector = (output: Buffer) => boolean;

/** Shortest part of a decimal number that counts: 20 digits are 66 bits. */
const decimalDigits = 20;

/**
 * Detects at least 8 consecutive bytes (or 20 decimal digits) of a secret of the given keys. The encoding does not matter:
 * raw, hexadecimal, octal, decimal, binary, base64, escaped, or a dump of any of these. Public keys and certificates do
 * not count. `otherSecrets` are bytes that must not be printed either.
 *
 * Cost: 1 to 12 ms of CPU time for 8 KB of output, and 6 ms to index two RSA keys (Node 24, x64).
 */
export function createKeyDetector(
  keys: readonly KeyObject[],
  otherSecrets: readonly Buffer[] = [],
): KeyDetector {
  const parts = keys.map(secretParts);
  const index = indexFragments(
    [...parts.flatMap(({ bytes }) => bytes), ...otherSecrets],
    parts.map(({ publicBytes }) => publicBytes),
  );
  const decimals = new Set(
    parts.flatMap(({ numbers }) => numbers).flatMap((number) => windowsOf(number.toString())),
  );
  return (output) => containsPart(output, index, decimals);
}

function containsPart(output: Buffer, index: FragmentIndex, decimals: ReadonlySet<string>): boolean {
  for (const { bytes, text } of readingsOf(output)) {
    if (index.occursIn(bytes)) return true;
    if (decimalRuns(text).some((run) => windowsOf(run).some((window) => decimals.has(window)))) return true;
  }
  return false;
}

/** Runs of digits without the separators of groups and the backslashes with which `bc` breaks lines. */
function decimalRuns(text: string): string[] {
  return (
    text.replaceAll(/(?<=\d)[\s\\,_'.]+(?=\d)/g, '').match(new RegExp(`\\d{${decimalDigits},}`, 'g')) ?? []
  );
}

function windowsOf(digits: string): string[] {
  const count = Math.max(0, digits.length - decimalDigits + 1);
  return Array.from({ length: count }, (_, at) => digits.slice(at, at + decimalDigits));
}
