// Reads PEM: several blocks in a text, in any order, with other text around them.
import { CertferryError } from '../errors.ts';
import { asSubject, type Origin } from './origin.ts';

/**
 * One decoded block. `headers`: those of old encrypted keys (RFC 1421), each ending with a newline. `openedWith`: the passphrase
 * that opened the PKCS#12 file around the block, with which its keys are encrypted as well; null is no passphrase.
 */
export interface Block {
  readonly origin: Origin;
  readonly label: string;
  readonly headers: string;
  readonly der: Buffer;
  readonly openedWith?: string | null;
}

/** Labels of blocks with one certificate. */
export const certificateLabels: readonly string[] = [
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
];

export function isCertificate({ label }: Block): boolean {
  return certificateLabels.includes(label);
}

export function isPrivateKey({ label }: Block): boolean {
  return label.endsWith('PRIVATE KEY');
}

/** Real labels have at most 25 characters. */
const mark = /-----(BEGIN|END) ([A-Z0-9. ]{1,60})-----/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Programs write 64 or 76 characters in a line; a fingerprint in hexadecimal digits has 64, and stands alone. */
const strayLine = /^[A-Za-z0-9+/]{60,}$/;

/** A BEGIN or END line, with its positions in the text. */
interface Mark {
  readonly kind: 'BEGIN' | 'END';
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** Whether a text is meant as PEM, even if its blocks are damaged. */
export function looksLikePem(text: string): boolean {
  return /-----(?:BEGIN|END) /.test(text);
}

/**
 * The blocks of a text in order. Text around them is ignored, unless it is part of a damaged block. An empty text has no blocks.
 * @throws CertferryError BundleUnreadable if the text has no block, or a block is truncated, damaged or not base64
 */
export function readBlocks(origin: Origin, text: string): Block[] {
  if (text.trim() === '') return [];
  const tidy = withPlainLineEnds(text);
  const marks = [...tidy.matchAll(mark)].map(
    ({ 0: { length }, 1: kind, 2: label, index }): Mark => ({
      kind: kind === 'BEGIN' ? 'BEGIN' : 'END',
      label: String(label),
      start: index,
      end: index + length,
    }),
  );
  if (marks.length === 0) throw noBlock(origin);
  refuseUnpairedMarks(origin, tidy, marks);
  refuseStrayBase64(origin, tidy, marks);
  const openings = marks.filter(({ kind }) => kind === 'BEGIN');
  return openings.map(({ label, end }, index) => {
    const closing = marks[2 * index + 1]?.start;
    return readBlock({ origin, label, body: tidy.slice(end, closing), position: index + 1 });
  });
}

/** One PEM block with LF line ends, ending with a newline. */
export function toPem({ label, headers, der }: Pick<Block, 'label' | 'headers' | 'der'>): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${headers}${headers === '' ? '' : '\n'}${lines}\n-----END ${label}-----\n`;
}

/** Removes byte order marks of joined files, and replaces the literal `\n` that environment variables often have. */
function withPlainLineEnds(text: string): string {
  return text.replaceAll('\uFEFF', '').replaceAll('\\r', '').replaceAll('\\n', '\n').replace(/\r\n?/g, '\n');
}

/** Each BEGIN line needs its END line directly after it. */
function refuseUnpairedMarks(origin: Origin, text: string, marks: readonly Mark[]): void {
  for (let index = 0; index < marks.length; index += 2) {
    const [opening, closing] = [marks[index], marks[index + 1]];
    if (opening?.kind === 'END') {
      const damaged = lineWith(/BEGIN/i, text, marks[index - 1]?.end ?? 0, opening.start);
      throw unpaired(origin, text, { found: opening, missing: 'BEGIN', damaged });
    }
    if (opening !== undefined && closing?.kind !== 'END') {
      const damaged = lineWith(/END/, text, opening.end, closing?.start ?? text.length);
      throw unpaired(origin, text, { found: opening, missing: 'END', damaged });
    }
    if (opening !== undefined && closing !== undefined && opening.label !== closing.label)
      throw otherLabel(origin, text, opening, closing);
  }
}

/** A block that has lost both lines is not "text around the blocks". */
function refuseStrayBase64(origin: Origin, text: string, marks: readonly Mark[]): void {
  const ends = marks.filter(({ kind }) => kind === 'END');
  const gaps = [0, ...ends.map(({ end }) => end)].map((start, index) => ({
    start,
    stop: marks[2 * index]?.start ?? text.length,
  }));
  for (const { start, stop } of gaps) {
    const lines = text
      .slice(start, stop)
      .split('\n')
      .map((line) => line.trim());
    const at = lines.findIndex(
      (line, index) => strayLine.test(line) && strayLine.test(lines[index + 1] ?? ''),
    );
    if (at !== -1) throw strayBase64(origin, lineAt(text, start) + at);
  }
}

/** The number of the first line between two positions that matches; null if there is none. */
function lineWith(pattern: RegExp, text: string, start: number, stop: number): number | null {
  const at = text.slice(start, stop).search(pattern);
  return at === -1 ? null : lineAt(text, start + at);
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

interface Body extends Pick<Block, 'origin' | 'label'> {
  readonly body: string;
  readonly position: number;
}

function readBlock({ origin, label, body, position }: Body): Block {
  const lines = body.split('\n').map((line) => line.trim());
  const headers = lines.filter((line) => line.includes(':'));
  const data = lines
    .filter((line) => !line.includes(':'))
    .join('')
    .replace(/\s+/g, '');
  if (!base64.test(data)) throw notBase64(origin, label, position);
  return {
    origin,
    label,
    headers: headers.map((line) => `${line}\n`).join(''),
    der: Buffer.from(data, 'base64'),
  };
}

function noBlock(origin: Origin): CertferryError {
  const message = `${asSubject(origin)} holds no complete PEM block ("-----BEGIN …-----" to "-----END …-----"). Use the whole file from the certificate authority.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}

interface Unpaired {
  readonly found: Mark;
  readonly missing: 'BEGIN' | 'END';
  /** The line that is probably the missing one. */
  readonly damaged: number | null;
}

function unpaired(origin: Origin, text: string, { found, missing, damaged }: Unpaired): CertferryError {
  const line = lineAt(text, found.start);
  const guess =
    damaged === null
      ? `The ${missing} line is missing: the text was cut.`
      : `The ${missing} line is damaged: see line ${damaged}.`;
  const message = `${asSubject(origin)} has the ${found.kind} line of a block (${found.label}) at line ${line} without its ${missing} line. ${guess} Copy the whole file again, without editing it.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field, line } });
}

function otherLabel(origin: Origin, text: string, opening: Mark, closing: Mark): CertferryError {
  const [line, end] = [lineAt(text, opening.start), lineAt(text, closing.start)];
  const message = `${asSubject(origin)} has a block that begins as ${opening.label} at line ${line} and ends as ${closing.label} at line ${end}. A line between them is missing. Copy the whole file again, without editing it.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field, line } });
}

function strayBase64(origin: Origin, line: number): CertferryError {
  const message = `${asSubject(origin)} has base64 outside of a PEM block, at line ${line}. Its BEGIN and END lines are missing or damaged. Copy the whole file again, without editing it.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field, line } });
}

function notBase64(origin: Origin, label: string, position: number): CertferryError {
  const message = `${asSubject(origin)}: PEM block ${position} (${label}) is damaged: its body is not base64. Copy the whole file again, without editing it.`;
  return new CertferryError('BundleUnreadable', message, {
    details: { field: origin.field, label, position },
  });
}
