// Reads PEM: several blocks in a text, in any order, with other text around them.
import { CertferryError } from '../errors.ts';

/** The field of the input that contains a block; messages name it. */
export type Field = 'certificate' | 'chain' | 'key' | 'pkcs12';

/** One decoded block. `headers`: those of old encrypted keys (RFC 1421), each ending with a newline. */
export interface Block {
  readonly field: Field;
  readonly label: string;
  readonly headers: string;
  readonly der: Buffer;
}

const opening = /-----BEGIN [A-Z0-9 ]+-----/g;
const block = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The blocks of a text in order. Text around them is ignored; an empty text has no blocks.
 * @throws CertferryError BundleUnreadable if the text has no block, or a block is truncated or not base64
 */
export function readBlocks(field: Field, text: string): Block[] {
  if (text.trim() === '') return [];
  const tidy = withPlainLineEnds(text);
  const found = [...tidy.matchAll(block)];
  if (found.length === 0 || found.length < [...tidy.matchAll(opening)].length)
    throw unreadable(field, found.length);
  return found.map((match, index) => readBlock(field, String(match[1]), String(match[2]), index + 1));
}

/**
 * The blocks of bytes. They are text (UTF-8, or UTF-16 with a byte order mark, as some Windows tools write it), or the DER
 * of one certificate, which starts with an ASN.1 SEQUENCE.
 * @throws CertferryError BundleUnreadable, as `readBlocks`
 */
export function readBytes(field: Field, bytes: Uint8Array): Block[] {
  const [first, second] = bytes;
  const text = new TextDecoder(first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8').decode(bytes);
  const isDer = first === 0x30 && !text.includes('-----BEGIN ');
  return isDer
    ? [{ field, label: 'CERTIFICATE', headers: '', der: Buffer.from(bytes) }]
    : readBlocks(field, text);
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

function readBlock(field: Field, label: string, body: string, position: number): Block {
  const lines = body.split('\n').map((line) => line.trim());
  const headers = lines.filter((line) => line.includes(':'));
  const data = lines
    .filter((line) => !line.includes(':'))
    .join('')
    .replace(/\s+/g, '');
  if (!base64.test(data)) throw notBase64(field, label, position);
  return {
    field,
    label,
    headers: headers.map((line) => `${line}\n`).join(''),
    der: Buffer.from(data, 'base64'),
  };
}

function unreadable(field: Field, complete: number): CertferryError {
  const problem =
    complete === 0
      ? 'holds no complete PEM block ("-----BEGIN …-----" to "-----END …-----")'
      : `is truncated: after ${complete} complete PEM block(s), another one starts and does not end`;
  const advice = 'Use the whole file from the certificate authority. PKCS#12 belongs in the field "pkcs12".';
  return new CertferryError('BundleUnreadable', `The field "${field}" ${problem}. ${advice}`, {
    details: { field, completeBlocks: complete },
  });
}

function notBase64(field: Field, label: string, position: number): CertferryError {
  const message = `The field "${field}": PEM block ${position} (${label}) is damaged: its body is not base64. Copy the whole file again, without editing it.`;
  return new CertferryError('BundleUnreadable', message, { details: { field, label, position } });
}
