/** A colour or another control sequence of a terminal (ECMA-48 §5.4), as `xxd -R always` prints them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with ESC
const controlSequence = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** Removes colours, and the zero bytes of UTF-16. */
export function plainText(text: string): string {
  return text.replaceAll(controlSequence, '').replaceAll('\0', '');
}

/**
 * The same text without columns that are not data. A dump may have an offset or a log prefix at the start of a line, and
 * printable characters at its end. They matter only if a line has few bytes, so that a fragment spans several lines.
 */
export function viewsOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const shortened = lines.map(withoutCharacters);
  const views = [
    lines,
    lines.map(withoutFirstWord),
    shortened,
    shortened.map(withoutFirstWord),
    lines.map(lastWord),
  ];
  return [...new Set(views.map((view) => view.join('\n')))];
}

/** `hexdump -C` puts the characters between bars; `xxd` and `od -z` put them after two spaces. */
function withoutCharacters(line: string): string {
  const bar = /\s\|.*$/.exec(line);
  if (bar !== null) return line.slice(0, bar.index);
  const wide = /(?<=\S) {2,}\S.*$/.exec(line);
  return wide === null ? line : line.slice(0, wide.index);
}

function withoutFirstWord(line: string): string {
  return line.replace(/^\s*\S+\s+(?=\S)/, '');
}

function lastWord(line: string): string {
  // a regular expression would take quadratic time for a line of 8 KB
  const trimmed = line.trimEnd();
  return trimmed.slice(Math.max(trimmed.lastIndexOf(' '), trimmed.lastIndexOf('\t')) + 1);
}
