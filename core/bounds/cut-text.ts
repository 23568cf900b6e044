/** Which part of a long text is kept. `ends`: the start and the end, because errors have their cause in either. */
export type KeptPart = 'start' | 'end' | 'ends';

/** The bytes of UTF-8 that a text takes inside a JSON string, with its escapes and without its quotation marks. */
export function jsonBytes(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += costOf(character);
  return bytes;
}

/**
 * A text of at most `maximumBytes` ({@link jsonBytes}). Where text is left out, a mark gives the number of its bytes. Never
 * splits a character; a lone surrogate is replaced.
 */
export function cutText(text: string, maximumBytes: number, kept: KeptPart = 'start'): string {
  const whole = text.toWellFormed();
  if (fits(whole, maximumBytes)) return whole;
  const total = Buffer.byteLength(whole);
  const room = maximumBytes - jsonBytes(markFor(total, kept));
  if (room < 0) return takeStart(whole, Math.max(0, maximumBytes - ellipsisBytes)) + ellipsis(maximumBytes);
  const [start, end] = partsOf(whole, room, kept);
  return `${start}${markFor(total - Buffer.byteLength(start) - Buffer.byteLength(end), kept)}${end}`;
}

function markFor(bytes: number, kept: KeptPart): string {
  const mark = `(${bytes} bytes left out)`;
  return `${kept === 'end' ? '' : ' … '}${mark}${kept === 'start' ? '' : ' … '}`;
}

const ellipsisBytes = Buffer.byteLength('…');
const ellipsis = (maximumBytes: number): string => (maximumBytes >= ellipsisBytes ? '…' : '');

function partsOf(text: string, room: number, kept: KeptPart): readonly [start: string, end: string] {
  switch (kept) {
    case 'start':
      return [takeStart(text, room), ''];
    case 'end':
      return ['', takeEnd(text, room)];
    case 'ends': {
      const start = takeStart(text, Math.ceil(room / 2));
      return [start, takeEnd(text.slice(start.length), room - jsonBytes(start))];
    }
  }
}

/** Stops counting once the text is known to be too long. */
function fits(text: string, maximumBytes: number): boolean {
  if (text.length > maximumBytes) return false;
  return jsonBytes(text) <= maximumBytes;
}

function takeStart(text: string, bytes: number): string {
  let [used, length] = [0, 0];
  for (const character of text) {
    used += costOf(character);
    if (used > bytes) break;
    length += character.length;
  }
  return text.slice(0, length);
}

function takeEnd(text: string, bytes: number): string {
  let [used, at] = [0, text.length];
  while (at > 0) {
    const before = startOfCharacterBefore(text, at);
    used += costOf(text.slice(before, at));
    if (used > bytes) break;
    at = before;
  }
  return text.slice(at);
}

/** The second half of a surrogate pair belongs to the character that starts one unit earlier. */
function startOfCharacterBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return at > 1 && unit >= 0xdc00 && unit <= 0xdfff ? at - 2 : at - 1;
}

/** RFC 8259 §7: the escapes that JSON.stringify writes. All other characters are written as UTF-8. */
function costOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x22 || code === 0x5c) return 2;
  if (code < 0x20) return '\b\f\n\r\t'.includes(character) ? 2 : 6;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  // JSON.stringify escapes a lone surrogate
  if (code >= 0xd800 && code <= 0xdfff) return 6;
  return code < 0x10000 ? 3 : 4;
}
