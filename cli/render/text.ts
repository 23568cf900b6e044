import { stripVTControlCharacters } from 'node:util';
import { counted } from '../../core/counted.ts';

/** `340 ms`, `2.3 s`, `4 m 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} m ${whole % 60} s`;
}

/** The first twelve digits, as in the summaries of deployments, with an ellipsis. */
export function shortFingerprint(fingerprint: string | null): string {
  if (fingerprint === null) return 'none';
  const digits = fingerprint.replace(/^sha256:/, '');
  return digits.length <= 12 ? fingerprint : `sha256:${digits.slice(0, 12)}…`;
}

/** `in 61 days`, `today`, `3 days ago`; `now` and `then` are epoch seconds. */
export function daysBetween(now: number, then: number): string {
  const days = Math.floor(Math.abs(then - now) / 86_400);
  if (days === 0) return then >= now ? 'within a day' : 'less than a day ago';
  const count = counted(days, 'day');
  return then >= now ? `in ${count}` : `${count} ago`;
}

/** Folds text at spaces. A word longer than `width` is not split, so that commands and paths can be copied. */
export function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/**
 * Joins parts with two spaces and breaks lines only between parts, so that each part can be copied. Lines after the first
 * are indented by two columns. Parts may contain colours.
 */
export function flow(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts.filter((one) => one !== '')) {
    const joined = `${lines.at(-1)}  ${part}`;
    if (lines.length > 0 && columnsOf(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(lines.length === 0 ? part : `  ${part}`);
  }
  return lines;
}

const columnsOf = (text: string) => stripVTControlCharacters(text).length;

/** Columns are as wide as their widest cell; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** The reason of an outcome as a line of its own, unless the summary already names it as a word. */
export function reasonLines({
  reason,
  summary,
}: {
  readonly reason: string | null;
  readonly summary: string;
}): string[] {
  return reason === null || summary.split(/\W+/).includes(reason) ? [] : [`reason: ${reason}`];
}
