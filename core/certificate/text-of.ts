/**
 * The text of bytes: UTF-8, or UTF-16 with a byte order mark, as Windows PowerShell and `iconv -t utf-16` write it. The byte order
 * mark is not part of the text.
 */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
}
