import { characterColumns, escapeReadings } from './escapes.ts';
import { plainText, viewsOf } from './line-views.ts';
import { numberReadings } from './number-words.ts';

/** A PEM text in a dump needs two steps, and such a dump inside JSON three. */
const maximumDepth = 3;
/** Bounds the work for an output that decodes to text again and again. */
const maximumTexts = 40;
/** Shorter runs of printable characters in binary data are accidents. */
const minimumRunCharacters = 12;

/** One way to read an output as bytes. `text` is the printable part of the bytes, empty if there is none. */
export interface Reading {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Every way to read an output as bytes: raw, hexadecimal, octal, decimal, binary, base64 and escaped, without offsets,
 * separators and columns of characters. Texts that a reading reveals are read again.
 */
export function* readingsOf(output: Buffer): Generator<Reading> {
  const seen = new Set<string>();
  const texts = [{ text: output.toString('latin1'), depth: 0 }];
  yield { bytes: output, text: output.toString('latin1') };
  for (const { text, depth } of texts) {
    for (const bytes of decodingsOf(plainText(text))) {
      const revealed = printableRuns(bytes);
      yield { bytes, text: revealed };
      if (revealed === '' || depth + 1 >= maximumDepth || texts.length >= maximumTexts || seen.has(revealed))
        continue;
      seen.add(revealed);
      texts.push({ text: revealed, depth: depth + 1 });
    }
  }
}

function* decodingsOf(text: string): Generator<Buffer> {
  yield* latin1Reading(text);
  yield* escapeReadings(text);
  for (const view of viewsOf(text)) {
    yield* hexReadings(view);
    yield* base64Readings(view);
    yield* numberReadings(view);
    yield characterColumns(view);
  }
}

/** A program may have decoded binary data as Latin-1 and printed it as UTF-8. */
function latin1Reading(text: string): Buffer[] {
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.length === text.length ? [] : [Buffer.from(decoded, 'latin1')];
}

/** Both alignments: a word before the data may contain an odd number of letters from A to F. */
function hexReadings(text: string): Buffer[] {
  const digits = text.replaceAll(/0x|[^0-9a-f]/gi, '');
  return [0, 1].map((start) => Buffer.from(digits.slice(start), 'hex'));
}

/** All four alignments, in both alphabets (RFC 4648 §4 and §5). Characters of the other alphabet count as separators. */
function base64Readings(text: string): Buffer[] {
  const alphabets = [/[^A-Za-z0-9+/]+/g, /[^A-Za-z0-9_-]+/g].map((others) => text.replaceAll(others, ''));
  return [...new Set(alphabets)].flatMap((characters) =>
    [0, 1, 2, 3].map((start) => Buffer.from(characters.slice(start), 'base64')),
  );
}

function printableRuns(bytes: Buffer): string {
  const runs = bytes.toString('latin1').match(/[\t\n\r -~]+/g) ?? [];
  return runs.filter(({ length }) => length >= minimumRunCharacters).join('\n');
}
