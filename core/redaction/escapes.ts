/** Escapes with one character, as C, JSON and `od -c` have them. */
const characterEscapes: Readonly<Record<string, string>> = {
  0: '\0',
  a: '\u0007',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
};

/** A text with escapes as the bytes that they stand for: backslash escapes, percent encoding, and those of `cat -v`. */
export function escapeReadings(text: string): Buffer[] {
  return [
    ...(text.includes('\\') ? [unescapeBackslashes(text)] : []),
    ...(text.includes('%') ? [unescapePercent(text)] : []),
    ...(/M-|\^/.test(text) ? [unescapeCaret(text)] : []),
  ].map((bytes) => Buffer.from(bytes, 'latin1'));
}

function unescapeBackslashes(text: string): string {
  return text.replaceAll(/\\(x[0-9a-fA-F]{2}|u00[0-9a-fA-F]{2}|[0-3][0-7]{2}|.)/g, (_, code: string) => {
    if (/^[xu]./.test(code)) return byte(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return byte(Number.parseInt(code, 8));
    return characterEscapes[code] ?? code;
  });
}

function unescapePercent(text: string): string {
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, digits: string) => byte(Number.parseInt(digits, 16)));
}

/** `cat -v` prints a control character as `^X`, and `M-` before a byte of 128 or more. */
function unescapeCaret(text: string): string {
  return text.replaceAll(/(M-)?(\^[?-_]|[ -~])/g, (whole, meta: string | undefined, rest: string) => {
    const isControl = rest.length === 2;
    if (meta === undefined && !isControl) return whole;
    const low = isControl ? rest.charCodeAt(1) ^ 64 : rest.charCodeAt(0);
    return byte(low | (meta === undefined ? 0 : 128));
  });
}

/** Bytes that `od -c` prints as columns: a character, an escape, or three octal digits. */
export function characterColumns(text: string): Buffer {
  const columns = text.split(/\s+/).flatMap((word) => {
    if (word.length === 1) return [word];
    if (/^[0-3][0-7]{2}$/.test(word)) return [byte(Number.parseInt(word, 8))];
    const escaped = /^\\(.)$/.exec(word)?.[1];
    return escaped === undefined ? [] : [characterEscapes[escaped] ?? escaped];
  });
  return Buffer.from(columns.join(''), 'latin1');
}

const byte = (value: number): string => String.fromCharCode(value);
